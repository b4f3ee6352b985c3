// A job library that calls a function which this version of thalweg does not have.
namespace thalweg {
void GoneSinceLongAgo();
}
extern "C" const char* thalweg_job_abi() { return "x"; }
extern "C" void thalweg_job_entry(void*, void*) { thalweg::GoneSinceLongAgo(); }
