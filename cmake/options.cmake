# medsave_options: what every target of the project is compiled with.
add_library(medsave_options INTERFACE)
target_compile_options(medsave_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wold-style-cast
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op>
  # g++ 12 sees overlapping copies in std::string where there are none (GCC bug 105329).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  $<$<CXX_COMPILER_ID:Clang>:-Wno-unknown-warning-option>
  $<$<BOOL:${MEDSAVE_WERROR}>:-Werror>
  -fstack-protector-strong)
# Large files and 64-bit times everywhere; glibc extensions such as O_PATH come with g++ itself.
target_compile_definitions(medsave_options INTERFACE _FILE_OFFSET_BITS=64
  $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
if(MEDSAVE_SANITIZE)
  # The sanitizers' code hides from g++ that the library's own objects are initialised; their
  # presets therefore leave warnings to the release build, which treats them as errors.
  target_compile_options(medsave_options INTERFACE -fsanitize=${MEDSAVE_SANITIZE}
    -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(medsave_options INTERFACE -fsanitize=${MEDSAVE_SANITIZE})
else()
  target_compile_definitions(medsave_options INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()
target_link_options(medsave_options INTERFACE -Wl,-z,relro,-z,now)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
