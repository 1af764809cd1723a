/* Runs the network '@NAME@': @NAME@ [-a ARRAYS] [-o DIRECTORY] [-t SECONDS] */

#include "@NAME@.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <direct.h>
#define make_directory(path) _mkdir(path)
#else
#include <sys/stat.h>
#define make_directory(path) mkdir(path, 0777)
#endif

static int failed(const char *what, int status) {
    const char *why = status == RANVIER_NO_FILE && errno ? strerror(errno) : ranvier_message(status);
    fprintf(stderr, "@NAME@: %s: %s\n", what, why);
    return 1;
}

int main(int argc, char **argv) {
    const char *arrays = "@NAME@.bin", *results = "results";
    double seconds = @NAME@.duration;
    for (int k = 1; k < argc; k += 2) {
        const char *value = k + 1 < argc ? argv[k + 1] : NULL;
        char *rest = "";
        if (value && !strcmp(argv[k], "-a")) arrays = value;
        else if (value && !strcmp(argv[k], "-o")) results = value;
        else if (value && !strcmp(argv[k], "-t")) seconds = strtod(value, &rest);
        else rest = argv[k];
        if (*rest) {
            fprintf(stderr, "usage: @NAME@ [-a ARRAYS] [-o DIRECTORY] [-t SECONDS]\n");
            return 2;
        }
    }
    char path[4096];
    if (snprintf(path, sizeof path, "%s/@NAME@.bin", results) >= (int)sizeof path) return failed(results, RANVIER_NO_FILE);
    if (make_directory(results) && errno != EEXIST) return failed(results, RANVIER_NO_FILE);

    ranvier_simulation *simulation;
    int status = ranvier_open(&@NAME@, arrays, &simulation);
    if (status) return failed(arrays, status);
    errno = 0;
    if ((status = ranvier_record_to(simulation, results))) failed(results, status);
    else if ((status = ranvier_run(simulation, seconds))) failed("the run has ended early", status);
    if (!status && (status = ranvier_save(simulation, path))) failed(path, status);
    int closed = ranvier_close(simulation);
    if (closed) failed(results, closed);
    return status || closed;
}
