#pragma once

#include <vector>

#include "region/components.hpp"
#include "region/evidence.hpp"

namespace sonogaze::region {

// A part of the screen, or several that belong together, that may be an image.
struct Candidate {
    Rect box;
    std::vector<std::int32_t> parts;
    int area;
};

// What a candidate shows; shares are of its structure.
struct Texture {
    int contrast;         // median
    double strong, live;  // shares of cells of a strong edge, and of those that move
    int cells;
};

// Solid parts of the structure: lines of text, rulers and curves are thinner than `radius`.
Components solid_parts(const Evidence& evidence, int radius);

// What may be an image by its size, the largest first.
std::vector<Candidate> candidates_of(const Components& parts, const Evidence& evidence);

// Structure within `radius` of a candidate's parts. All maps of a candidate are of an area around
// it, since most are small beside the screen.
Map body_of(const Evidence& evidence, const Components& parts, const Candidate& candidate,
            int radius, const Rect& area);

// The body with the faint surfaces beside it, and the structure within `radius` of these.
Map with_faint(const Evidence& evidence, const Map& body, int radius, const Rect& area);

Texture texture_of(const Evidence& evidence, const Map& body, const Rect& area);

// Neither blank as a panel nor as full of hard edges as text and icons.
bool looks_like_image(const Texture& texture) noexcept;

}  // namespace sonogaze::region
