# medsave_area(NAME SOURCES a.cpp ... [USES lower areas] [LIBRARIES imported targets])
#
# Makes the static library medsave_NAME from lib/NAME. Its public headers are include/medsave/NAME;
# lib/NAME itself is a private include directory, so a private header cannot leak. USES is the
# list of areas that it links; scripts/check-layers checks the floors of its #includes.
function(medsave_area name)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;LIBRARIES;PRIVATE_LIBRARIES" ${ARGN})
  set(target medsave_${name})
  set(uses ${arg_USES})
  list(TRANSFORM uses PREPEND medsave_)
  if(NOT arg_SOURCES)
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(${target} INTERFACE medsave_options ${uses} ${arg_LIBRARIES})
    return()
  endif()
  add_library(${target} STATIC ${arg_SOURCES})
  target_include_directories(${target}
    PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${target} PUBLIC medsave_options ${uses} ${arg_LIBRARIES}
                                  PRIVATE ${arg_PRIVATE_LIBRARIES})
  medsave_common_headers(${target})
endfunction()

# medsave_common_headers(TARGET)
#
# Gives the target the headers that nearly every source includes in compiled form, which saves a
# third of the compile time. Each source still includes what it uses: scripts/tidy looks without.
function(medsave_common_headers target)
  if(NOT TARGET common_headers)
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/common_headers.cpp CONTENT "")
    add_library(common_headers OBJECT ${PROJECT_BINARY_DIR}/common_headers.cpp)
    target_link_libraries(common_headers PRIVATE medsave_options fmt::fmt)
    target_precompile_headers(common_headers PRIVATE
      <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <functional> <map> <memory>
      <mutex> <optional> <set> <span> <stop_token> <string> <string_view> <unordered_map>
      <unordered_set> <utility> <vector> <fmt/format.h>)
  endif()
  target_precompile_headers(${target} REUSE_FROM common_headers)
endfunction()

# medsave_unit_test(AREA SOURCES a_test.cpp ... [USES more areas])
#
# One GoogleTest program per area, AREA_test, label "unit".
function(medsave_unit_test area)
  cmake_parse_arguments(arg "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
  if(NOT arg_SOURCES)
    return()
  endif()
  set(uses ${area} ${arg_USES})
  list(TRANSFORM uses PREPEND medsave_)
  add_executable(${area}_test ${arg_SOURCES})
  target_include_directories(${area}_test PRIVATE ${PROJECT_SOURCE_DIR}/tests
                                                  ${PROJECT_SOURCE_DIR}/lib/${area})
  target_compile_definitions(${area}_test PRIVATE
    MEDSAVE_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
  # Compiling takes longer than running them, and twice as long with the release's options.
  target_compile_options(${area}_test PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O1> -g1)
  target_link_libraries(${area}_test PRIVATE ${uses} ${arg_LIBRARIES} GTest::gmock_main)
  # Half of a test's compile time goes into these headers; the first area's program shares them.
  if(area STREQUAL "base")
    target_precompile_headers(base_test PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
  else()
    target_precompile_headers(${area}_test REUSE_FROM base_test)
  endif()
  gtest_discover_tests(${area}_test DISCOVERY_MODE PRE_TEST PROPERTIES LABELS unit)
endfunction()
