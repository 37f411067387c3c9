#include "region/candidates.hpp"

#include <algorithm>

namespace sonogaze::region {
namespace {

constexpr double kDense = 0.7;
constexpr double kLeastPart = 0.004;   // of the screen
constexpr double kLeastImage = 0.015;  // of the screen
// Measured on real frames, clips and drawn screens: images have a median contrast of 4 to 45 and at
// most 0.1 of strong edges, text and buttons 45 to 190 and 0.18 to 0.96, panels a contrast of 0.
constexpr int kStrong = 96;
constexpr int kLeastContrast = 2, kMostContrast = 70;
constexpr double kMostStrong = 0.14;
constexpr int kBeside = 3;  // cells between an image and its darkest part: an edge of both

// Whether one lies over the other with nothing but a dark gap between, as tissue below fluid: panes
// lie closer together than that.
bool one_image(const Evidence& evidence, const Candidate& a, const Candidate& b) {
    const Rect& upper = a.box.y0 < b.box.y0 ? a.box : b.box;
    const Rect& lower = a.box.y0 < b.box.y0 ? b.box : a.box;
    const int x0 = std::max(upper.x0, lower.x0), x1 = std::min(upper.x1, lower.x1);
    const int narrower = std::min(upper.width(), lower.width());
    const int wider = std::max(upper.width(), lower.width());
    const int gap = lower.y0 - upper.y1;
    const int thinner = std::min(upper.height(), lower.height());
    if ((x1 - x0) * 5 < narrower * 4 || narrower * 4 < wider * 3 || gap * 5 < thinner * 3)
        return false;
    // images of one size, one below the other, are panes
    const int thicker = std::max(upper.height(), lower.height());
    if (thinner * 4 >= thicker * 3 && gap < thinner) return false;
    int structure = 0;
    for (int y = upper.y1; y < lower.y0; ++y) {
        for (int x = x0; x < x1; ++x) structure += evidence.structure.row(y)[x];
    }
    return structure * 5 < gap * (x1 - x0);
}

void merge(Candidate& into, const Candidate& other) {
    into.parts.insert(into.parts.end(), other.parts.begin(), other.parts.end());
    into.area += other.area;
    into.box = {std::min(into.box.x0, other.box.x0), std::min(into.box.y0, other.box.y0),
                std::max(into.box.x1, other.box.x1), std::max(into.box.y1, other.box.y1)};
}

void merge_all(const Evidence& evidence, std::vector<Candidate>& all) {
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t j = i + 1; j < all.size();) {
            if (!one_image(evidence, all[i], all[j])) {
                ++j;
                continue;
            }
            merge(all[i], all[j]);
            all.erase(all.begin() + static_cast<std::ptrdiff_t>(j));
            j = i + 1;
        }
    }
}

Map both(Map one, const Map& other) {
    into(one, other, kBoth);
    return one;
}

// Sets the runs of the components that are `own`; they lie inside the area.
void fill(Map& map, const std::vector<Run>& runs, const std::vector<std::uint8_t>& own,
          const Rect& area) {
    for (const Run& run : runs) {
        if (own[static_cast<std::size_t>(run.component)] == 0) continue;
        std::uint8_t* const row = map.row(run.y - area.y0) - area.x0;
        std::fill(row + run.x0, row + run.x1, std::uint8_t{1});
    }
}

}  // namespace

Components solid_parts(const Evidence& evidence, int radius) {
    // a gap between two panes is thinner than the squares, and no part of either
    return connected(both(dense(evidence.structure, radius, kDense), evidence.structure), nullptr,
                     0);
}

std::vector<Candidate> candidates_of(const Components& parts, const Evidence& evidence) {
    const int screen = evidence.structure.count();
    std::vector<Candidate> all;
    for (std::size_t i = 0; i < parts.all.size(); ++i) {
        const Component& part = parts.all[i];
        if (part.area < kLeastPart * screen) continue;
        const Candidate one{part.box, {static_cast<std::int32_t>(i)}, part.area};
        // tissue below fluid is one image, text below it isn't
        const Map body = body_of(evidence, parts, one, 0, part.box);
        if (looks_like_image(texture_of(evidence, body, part.box))) {
            all.push_back(one);
        }
    }
    merge_all(evidence, all);
    all.erase(std::remove_if(all.begin(), all.end(),
                             [&](const Candidate& c) { return c.area < kLeastImage * screen; }),
              all.end());
    std::sort(all.begin(), all.end(),
              [](const Candidate& a, const Candidate& b) { return a.area > b.area; });
    return all;
}

Map body_of(const Evidence& evidence, const Components& parts, const Candidate& candidate,
            int radius, const Rect& area) {
    Map core(area.width(), area.height());
    std::vector<std::uint8_t> own(parts.all.size(), 0);
    for (const std::int32_t part : candidate.parts) own[static_cast<std::size_t>(part)] = 1;
    fill(core, parts.runs, own, area);
    return both(radius > 0 ? grown(core, radius) : core, cut(evidence.structure, area));
}

Map with_faint(const Evidence& evidence, const Map& body, int radius, const Rect& area) {
    const Components faint = connected(cut(evidence.faint, area), nullptr, 0);
    const Map near = grown(body, kBeside);
    std::vector<std::uint8_t> own(faint.all.size(), 0);
    for (const Run& run : faint.runs) {
        const std::uint8_t* const row = near.row(run.y);
        if (std::any_of(row + run.x0, row + run.x1, [](std::uint8_t set) { return set != 0; })) {
            own[static_cast<std::size_t>(run.component)] = 1;
        }
    }
    Map wider(area.width(), area.height());
    fill(wider, faint.runs, own, {0, 0, wider.width, wider.height});
    into(wider, both(grown(wider, radius), cut(evidence.structure, area)), kEither);
    into(wider, body, kEither);
    return wider;
}

Texture texture_of(const Evidence& evidence, const Map& body, const Rect& area) {
    Histogram histogram{};
    int cells = 0, live = 0;
    std::vector<std::uint8_t> kept(static_cast<std::size_t>(body.width) + 1);
    for (int y = 0; y < body.height; ++y) {
        const std::uint8_t* const contrast = evidence.contrast.row(area.y0 + y) + area.x0;
        const std::uint8_t* const moved = evidence.live.row(area.y0 + y) + area.x0;
        const std::uint8_t* const set = body.row(y);
        int count = 0;
        for (int x = 0; x < body.width; ++x) {  // no branch: speckle can't be predicted
            kept[static_cast<std::size_t>(count)] = contrast[x];
            count += set[x];
            live += moved[x] & set[x];
        }
        tally(kept.data(), count, histogram);
        cells += count;
    }
    int median = 0, strong = 0;
    for (int below = 0; median < 255; ++median) {
        below += histogram[static_cast<std::size_t>(median)];
        if (below * 2 >= cells) break;
    }
    for (std::size_t c = kStrong; c < histogram.size(); ++c) strong += histogram[c];
    const double all = std::max(cells, 1);
    return {median, strong / all, live / all, cells};
}

bool looks_like_image(const Texture& texture) noexcept {
    return texture.contrast >= kLeastContrast && texture.contrast <= kMostContrast &&
           texture.strong <= kMostStrong;
}

}  // namespace sonogaze::region
