#pragma once

#include "region/grid.hpp"
#include "sonogaze/region.hpp"

namespace sonogaze::region {

// What the frames show, cell by cell.
struct Evidence {
    Evidence(int width, int height)
        : structure(width, height),
          level(width, height),
          contrast(width, height),
          live(width, height),
          faint(width, height),
          corner(width, height) {}

    Map structure;  // 1 where no frame has a flat background
    Map level;      // companded grey of the first frame
    Map contrast;   // of `level`
    Map live;       // 1 where a later frame differs from the first
    Map faint;      // 1 on flat surfaces that may be the darkest part of an image
    Map corner;     // 1 on small surfaces exactly as flat and dark as a large one
};

Evidence gather(const GridFrames& grid);

}  // namespace sonogaze::region
