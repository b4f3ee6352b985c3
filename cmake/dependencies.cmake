# Every library the engine links, in ONE list whose order matters: Debian's libraries first (with OpenSSL), Arrow's last.
# libarrow_compute exports re2:: and libparquet a whole OpenSSL; the other order crashes librdkafka and gives wrong regex answers
# silently. src/bin/link_order_test.cc guards it. docs/decisions/0002-arrow-from-the-wheel.md
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(RocksDB QUIET)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(PCRE2 REQUIRED libpcre2-8)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-cpp)
pkg_check_modules(EDIT REQUIRED IMPORTED_TARGET libedit)
find_package(date REQUIRED)
# The malloc of the program `thalweg`; the library brings none, and sanitizers are one themselves.
if(THALWEG_SANITIZE)
  set(THALWEG_JEMALLOC OFF)
endif()
if(THALWEG_JEMALLOC)
  pkg_check_modules(JEMALLOC REQUIRED jemalloc)
endif()

# Arrow comes from the pinned pyarrow wheel in the private venv that scripts/setup.sh makes; a system Arrow wins if there is one.
find_package(Arrow QUIET)
find_package(Parquet QUIET)
if(NOT (Arrow_FOUND AND Parquet_FOUND))
  set(Python3_EXECUTABLE ${CMAKE_SOURCE_DIR}/.venv/bin/python CACHE FILEPATH "Python of the private venv")
  list(APPEND CMAKE_MODULE_PATH ${CMAKE_SOURCE_DIR}/cmake)
  find_package(PyArrowCpp REQUIRED)
  set(THALWEG_ARROW PyArrow::parquet PyArrow::arrow)
else()
  set(THALWEG_ARROW Parquet::parquet_shared Arrow::arrow_shared)
endif()

# Files, not PkgConfig:: targets: CMake moves what stands behind an interface target to the end of the link line.
set(THALWEG_DEPENDENCIES
  fmt::fmt rocksdb ${RDKAFKA_LINK_LIBRARIES} ${SIMDJSON_LINK_LIBRARIES} ${XXHASH_LINK_LIBRARIES} ${ZSTD_LINK_LIBRARIES}
  ${ZLIB_LINK_LIBRARIES} ${PCRE2_LINK_LIBRARIES} ${YAML_LINK_LIBRARIES} ${EDIT_LINK_LIBRARIES} date::date-tz OpenSSL::SSL OpenSSL::Crypto Threads::Threads ${CMAKE_DL_LIBS})
