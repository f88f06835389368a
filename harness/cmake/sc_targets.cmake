# SPDX-License-Identifier: MIT
#
# How this project declares its libraries and programs.

# sc_library(NAME SOURCES... ): a static library whose headers are found from harness/ on, as in
# #include "cbpf/program.h".
function(sc_library name)
  add_library(${name} STATIC ${ARGN})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()

# sc_guest_executable(NAME SOURCES...): a program for the guest, whose root has no shared library.
# Callers ask `if(SC_GUEST)` first: sanitizer builds have no static programs.
function(sc_guest_executable name)
  add_executable(${name} ${ARGN})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_options(${name} PRIVATE -static)
endfunction()

# sc_precompile_test_headers(TARGET): what every test includes, and what takes longer to read than
# the test itself.
function(sc_precompile_test_headers target)
  target_precompile_headers(${target} PRIVATE
    "$<$<COMPILE_LANGUAGE:CXX>:<gtest/gtest.h$<ANGLE-R>>"
    "$<$<COMPILE_LANGUAGE:CXX>:<fmt/format.h$<ANGLE-R>>"
    "$<$<COMPILE_LANGUAGE:CXX>:<fmt/ranges.h$<ANGLE-R>>")
endfunction()
