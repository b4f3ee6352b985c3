// A library that defines no job.
int NotAJob() { return 1; }
