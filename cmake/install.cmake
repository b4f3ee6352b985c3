# cmake --install: the library, the binary, the headers of every folder, and find_package(thalweg).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
# The link path stays in the RUNPATH: Arrow's libraries live in the private venv.
set_target_properties(thalweg PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS thalweg EXPORT thalwegTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET thalweg_bin)
  set_target_properties(thalweg_bin PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  install(TARGETS thalweg_bin RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
foreach(folder ${THALWEG_FOLDERS})
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.h)
  list(FILTER headers EXCLUDE REGEX "/(test_[a-z_]*|[a-z_]*_test)\\.h$")   # helpers of the unit tests
  install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/thalweg/${folder})
endforeach()

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/thalweg)
install(EXPORT thalwegTargets NAMESPACE thalweg:: DESTINATION ${package_folder})
configure_package_config_file(cmake/thalwegConfig.cmake.in ${CMAKE_BINARY_DIR}/thalwegConfig.cmake
  INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/thalwegConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/thalwegConfig.cmake ${CMAKE_BINARY_DIR}/thalwegConfigVersion.cmake
  DESTINATION ${package_folder})
