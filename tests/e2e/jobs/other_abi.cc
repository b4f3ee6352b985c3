// A job library as another compiler would have built it: its entry point must never be called.
#include <cstdlib>

extern "C" const char* thalweg_job_abi() { return "thalweg 0.0.9, other compiler"; }
extern "C" void thalweg_job_entry(void*, void*) { std::abort(); }
