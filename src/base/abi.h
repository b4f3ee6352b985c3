// What two pieces of code must agree in before C++ objects go from one to the other, as text of the code that includes this.
#pragma once

#include "base/version.h"

#define THALWEG_TEXT_(x) #x
#define THALWEG_TEXT(x) THALWEG_TEXT_(x)

#if defined(__clang__)
#define THALWEG_COMPILER "clang " THALWEG_TEXT(__clang_major__)
#else
#define THALWEG_COMPILER "gcc " THALWEG_TEXT(__GNUC__)
#endif
#if defined(_GLIBCXX_USE_CXX11_ABI)
#define THALWEG_STDLIB ", libstdc++ " THALWEG_TEXT(_GLIBCXX_RELEASE) " abi " THALWEG_TEXT(_GLIBCXX_USE_CXX11_ABI)
#else
#define THALWEG_STDLIB ", libc++"
#endif
#if defined(__SANITIZE_ADDRESS__)
#define THALWEG_SANITIZERS ", address sanitizer"
#elif defined(__SANITIZE_THREAD__)
#define THALWEG_SANITIZERS ", thread sanitizer"
#else
#define THALWEG_SANITIZERS ""
#endif

// A literal: an inline function would be one for all libraries of a process, and tell of the first of them only.
#define THALWEG_ABI THALWEG_COMPILER THALWEG_STDLIB THALWEG_SANITIZERS
