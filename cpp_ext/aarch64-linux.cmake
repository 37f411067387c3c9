# Cross-compiles for 64-bit Arm with Debian's g++-aarch64-linux-gnu.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_STRIP aarch64-linux-gnu-strip)
set(PYBIND11_USE_CROSSCOMPILING ON)  # the suffix comes from SETUPTOOLS_EXT_SUFFIX
