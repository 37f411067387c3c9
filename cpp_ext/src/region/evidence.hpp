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
          live(width, height) {}

    Map structure;  // 1 where no frame has a flat background
    Map level;      // companded grey of the first frame
    Map contrast;   // of `level`
    Map live;       // 1 where a later frame differs from the first
};

Evidence gather(const GridFrames& grid);

}  // namespace sonogaze::region
