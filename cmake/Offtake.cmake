# How every folder becomes a target.
#
#   offtake_library(DEPS <targets of ours> LIBS <system libraries>)
#     makes the static library of the current folder from its *.cc files. Its name is the
#     folder's path with '_' for '/': operators/targets/sqlite -> operators_targets_sqlite.
#     A folder of headers alone becomes an interface library.
#   offtake_test(DEPS ... LIBS ...)
#     makes the doctest program of the current folder below tests/unit.

# Other compilers than that of Debian 12 warn of other things, some of which are not so.
option(OFFTAKE_WERROR "Warnings are errors" ON)

add_library(offtake_flags INTERFACE)
target_include_directories(offtake_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(offtake_flags INTERFACE -Wall -Wextra -Wshadow=local $<$<BOOL:${OFFTAKE_WERROR}>:-Werror>)
target_link_libraries(offtake_flags INTERFACE fmt::fmt Threads::Threads)
target_link_options(offtake_flags INTERFACE -fuse-ld=lld)
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
  # Instrumented code hides from g++ 12 what was set: it warns of every moved std::optional.
  target_compile_options(offtake_flags INTERFACE -Wno-maybe-uninitialized)
endif()

if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread")
  add_library(c11_threads SHARED ${CMAKE_CURRENT_LIST_DIR}/sanitizers/c11_threads.c)
  target_compile_options(c11_threads PRIVATE -O1 -g1 -fsanitize=thread -Wall -Wextra -Werror)
  target_link_libraries(c11_threads PRIVATE Threads::Threads)
  target_link_options(offtake_flags INTERFACE -Wl,--no-as-needed)
  target_link_libraries(offtake_flags INTERFACE c11_threads)
endif()

function(offtake_library)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  string(REPLACE "/" "_" name ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC offtake_flags ${ARG_DEPS} PRIVATE ${ARG_LIBS})
    if(name STREQUAL "base")
      target_precompile_headers(${name} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/precompiled.h)
    else()
      target_precompile_headers(${name} REUSE_FROM base)
      add_dependencies(${name} base)
    endif()
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE offtake_flags ${ARG_DEPS} ${ARG_LIBS})
  endif()
endfunction()

function(offtake_test)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR}/tests/unit ${CMAKE_CURRENT_SOURCE_DIR})
  string(REPLACE "/" "_" name ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  add_executable(${name}_test ${sources})
  target_link_libraries(${name}_test PRIVATE offtake_flags tests_main ${ARG_DEPS} ${ARG_LIBS})
  target_precompile_headers(${name}_test REUSE_FROM base)
  # g++ 12 at -O2 sees sizes that cannot be in inlined strings and variants, and the tests' literals bring it out.
  target_compile_options(${name}_test PRIVATE -Wno-maybe-uninitialized -Wno-stringop-overflow
                                              -Wno-stringop-overread -Wno-restrict -Wno-array-bounds)
  set_target_properties(${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endfunction()
