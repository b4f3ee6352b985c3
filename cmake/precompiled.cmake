# THALWEG_PCH: precompiled headers of the engine and of its unit tests, for builds without a warm compiler cache (docs/decisions/0004-build-speed.md).
# The library is compiled as PIC, programs as PIE: each kind has a precompiled header of its own.
function(thalweg_precompile_library)
  if(THALWEG_PCH)
    target_precompile_headers(thalweg PRIVATE ${CMAKE_SOURCE_DIR}/cmake/engine_headers.h)
  endif()
endfunction()

# thalweg_precompile_test(TARGET): all tests share the header of the first.
function(thalweg_precompile_test test)
  if(NOT THALWEG_PCH)
    return()
  endif()
  if(NOT TARGET test_headers)
    file(WRITE ${CMAKE_BINARY_DIR}/test_headers.cc "")
    add_executable(test_headers EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/test_headers.cc)
    target_link_libraries(test_headers PRIVATE thalweg GTest::gmock GTest::gtest_main ${THALWEG_DEPENDENCIES} ${THALWEG_ARROW})
    target_precompile_headers(test_headers PRIVATE ${CMAKE_SOURCE_DIR}/cmake/test_headers.h)
  endif()
  target_precompile_headers(${test} REUSE_FROM test_headers)
endfunction()
