# cmake --install: the library, the binary, the headers of every folder, and find_package(thalweg).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
if(TARGET PyArrow::arrow)
  # Arrow goes along, where it meets no other Arrow: the private venv that it comes from may be closed to other users.
  set_target_properties(thalweg PROPERTIES INSTALL_RPATH "$ORIGIN/thalweg")
  install(FILES $<TARGET_FILE:PyArrow::arrow> $<TARGET_FILE:PyArrow::parquet>
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/thalweg)
else()
  set_target_properties(thalweg PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
endif()
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
