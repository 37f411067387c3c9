# What a wheel holds: the files of sdk/ as the package `sonogaze`, the extension, and `sdk`, its alias.

if(SONOGAZE_EDITABLE)
  # Built into the tree, which one line puts on sys.path: modules may come, go and move as they like.
  set_target_properties(_kernels PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_SOURCE_DIR}/sdk)
  file(WRITE ${CMAKE_BINARY_DIR}/sonogaze-checkout.pth "${CMAKE_SOURCE_DIR}\n")
  install(FILES ${CMAKE_BINARY_DIR}/sonogaze-checkout.pth DESTINATION .)
  return()
endif()

install(TARGETS _kernels DESTINATION sonogaze)
install(DIRECTORY sdk/ DESTINATION sonogaze FILES_MATCHING
  PATTERN "*.py" PATTERN "*.pyi" PATTERN "py.typed"
  PATTERN "templates/*"
  PATTERN "models/*.onnx" PATTERN "models/ATTRIBUTION.md" PATTERN "models/release.json"
  PATTERN "__pycache__" EXCLUDE PATTERN ".*" EXCLUDE)

# `import sdk` is an alias made at run time (sdk/_alias.py); type checkers read one line for each of
# its modules.
set(alias ${CMAKE_BINARY_DIR}/alias)
file(REMOVE_RECURSE ${alias})
file(GLOB_RECURSE modules RELATIVE ${CMAKE_SOURCE_DIR}/sdk ${CMAKE_SOURCE_DIR}/sdk/*.py)
list(FILTER modules EXCLUDE REGEX "(^|/)_[^_]|__main__")
foreach(module IN LISTS modules)
  string(REGEX REPLACE "(/?__init__)?[.]py$" "" name "${module}")
  string(REPLACE "/" "." name "sonogaze/${name}")
  string(REGEX REPLACE "[.]$" "" name "${name}")
  file(WRITE ${alias}/${module}i "from ${name} import *\n")
endforeach()
file(APPEND ${alias}/__init__.pyi "from sonogaze import __version__ as __version__\n")
install(DIRECTORY ${alias}/ DESTINATION sdk)
install(FILES sdk/__init__.py sdk/py.typed DESTINATION sdk)
