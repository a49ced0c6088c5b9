/* Runs every file of a corpus folder through one fuzz target: the target's properties as an ordinary test,
 * without libFuzzer. An empty or missing folder fails. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return 0;
    size_t cap = 1 << 20, len = 0;
    uint8_t *data = malloc(cap);
    if (data)
        len = fread(data, 1, cap, file);
    (void)fclose(file);
    if (data) {
        uint8_t *exact = malloc(len ? len : 1); /* no slack, so that ASan sees an overrun */
        if (exact) {
            memcpy(exact, data, len);
            (void)LLVMFuzzerTestOneInput(exact, len);
        }
        free(exact);
    }
    free(data);
    return 1;
}

int main(int argc, char **argv)
{
    int n = 0;
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (!folder) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
        return 2;
    }
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        n += replay(path);
    }
    (void)closedir(folder);
    printf("%d inputs replayed\n", n);
    return n == 0;
}
