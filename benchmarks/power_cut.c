/* Writes down, in order, what a process asks of the disk below $WRITTEN_BELOW into $WRITTEN_TO, for benchmarks.power_cut.

   A record is: kind (1 byte), inode (u64), offset (i64), length of the path (u32), length of the data (u64), path, data.
   Kinds: W write, T truncate to offset, S sync of a file, F sync of a folder, R rename (data = new path), U unlink,
   M make a folder, D remove a folder, A written to standard output (data). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int out = -1;
static const char *below = NULL;

__attribute__((constructor)) static void begin(void) {
    below = getenv("WRITTEN_BELOW");
    const char *to = getenv("WRITTEN_TO");
    if (below && to) out = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int inside(const char *path) { return out >= 0 && path && strncmp(path, below, strlen(below)) == 0; }

static void record(char kind, uint64_t inode, int64_t offset, const char *path, const void *data, uint64_t length) {
    uint32_t path_length = (uint32_t)strlen(path);
    struct iovec parts[] = {{&kind, 1},          {&inode, 8}, {&offset, 8},           {&path_length, 4},
                            {&length, 8}, {(void *)path, path_length}, {(void *)data, length}};
    if (syscall(SYS_writev, out, parts, 7) < 0) abort();
}

static int of_file(int fd, char *path, struct stat *seen) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0 || fstat(fd, seen) < 0) return 0;
    path[length] = 0;
    return inside(path);
}

static void absolute(int folder, const char *path, char *into) {
    char base[PATH_MAX] = "", link[64];
    if (path[0] != '/') {
        snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, base, PATH_MAX - 2);
        base[length < 0 ? 0 : length] = 0;
        strcat(base, "/");
    }
    snprintf(into, PATH_MAX, "%s%s", base, path);
}

#define REAL(name) static __typeof__(name) *real = NULL; if (!real) real = dlsym(RTLD_NEXT, #name)
#define ALONE(statement) pthread_mutex_lock(&lock); statement; pthread_mutex_unlock(&lock)

static void wrote(int fd, const void *data, ssize_t length, off_t offset) {
    int before = errno;
    char path[PATH_MAX];
    struct stat seen;
    if (length > 0 && out >= 0) {
        if (fd == 1) record('A', 0, 0, "", data, (uint64_t)length);
        else if (of_file(fd, path, &seen) && S_ISREG(seen.st_mode)) {
            if (offset < 0) offset = (fcntl(fd, F_GETFL) & O_APPEND ? seen.st_size : lseek(fd, 0, SEEK_CUR)) - length;
            record('W', seen.st_ino, offset, path, data, (uint64_t)length);
        }
    }
    errno = before;
}

ssize_t write(int fd, const void *data, size_t length) {
    REAL(write);
    ssize_t done;
    ALONE(done = real(fd, data, length); wrote(fd, data, done, -1));
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    REAL(pwrite);
    ssize_t done;
    ALONE(done = real(fd, data, length, offset); wrote(fd, data, done, offset));
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off_t offset) {
    REAL(pwrite64);
    ssize_t done;
    ALONE(done = real(fd, data, length, offset); wrote(fd, data, done, offset));
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    ssize_t total = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = write(fd, parts[i].iov_base, parts[i].iov_len);
        if (done < 0) return total ? total : -1;
        total += done;
        if ((size_t)done < parts[i].iov_len) break;
    }
    return total;
}

/* Copies inside the kernel are refused: programs then read and write. */
ssize_t sendfile(int to, int from, off_t *at, size_t n) { (void)to, (void)from, (void)at, (void)n; errno = EINVAL; return -1; }
ssize_t sendfile64(int to, int from, off_t *at, size_t n) { return sendfile(to, from, at, n); }
ssize_t copy_file_range(int from, off_t *a, int to, off_t *b, size_t n, unsigned f) {
    (void)from, (void)a, (void)to, (void)b, (void)n, (void)f;
    errno = EINVAL;
    return -1;
}

static void told(char kind, int fd, int result, off_t offset) {
    char path[PATH_MAX];
    struct stat seen;
    if (result == 0 && out >= 0 && of_file(fd, path, &seen))
        record(kind == 'S' && S_ISDIR(seen.st_mode) ? 'F' : kind, seen.st_ino, offset, path, "", 0);
}

#define OF_FD(name, kind)                                                  \
    int name(int fd) {                                                     \
        REAL(name);                                                        \
        int done;                                                          \
        ALONE(done = real(fd); told(kind, fd, done, 0));                   \
        return done;                                                       \
    }
OF_FD(fsync, 'S')
OF_FD(fdatasync, 'S')

int ftruncate(int fd, off_t size) {
    REAL(ftruncate);
    int done;
    ALONE(done = real(fd, size); told('T', fd, done, size));
    return done;
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

static void named(char kind, int result, int folder, const char *path, int other, const char *target) {
    char one[PATH_MAX], two[PATH_MAX] = "";
    if (result != 0 || out < 0) return;
    absolute(folder, path, one);
    if (target) absolute(other, target, two);
    if (inside(one) || (target && inside(two))) record(kind, 0, 0, one, two, strlen(two));
}

int rename(const char *a, const char *b) {
    REAL(rename);
    int done;
    ALONE(done = real(a, b); named('R', done, AT_FDCWD, a, AT_FDCWD, b));
    return done;
}
int renameat(int x, const char *a, int y, const char *b) {
    REAL(renameat);
    int done;
    ALONE(done = real(x, a, y, b); named('R', done, x, a, y, b));
    return done;
}
int unlink(const char *a) {
    REAL(unlink);
    int done;
    ALONE(done = real(a); named('U', done, AT_FDCWD, a, 0, NULL));
    return done;
}
int unlinkat(int x, const char *a, int flags) {
    REAL(unlinkat);
    int done;
    ALONE(done = real(x, a, flags); named(flags & AT_REMOVEDIR ? 'D' : 'U', done, x, a, 0, NULL));
    return done;
}
int mkdir(const char *a, mode_t mode) {
    REAL(mkdir);
    int done;
    ALONE(done = real(a, mode); named('M', done, AT_FDCWD, a, 0, NULL));
    return done;
}
int mkdirat(int x, const char *a, mode_t mode) {
    REAL(mkdirat);
    int done;
    ALONE(done = real(x, a, mode); named('M', done, x, a, 0, NULL));
    return done;
}
int rmdir(const char *a) {
    REAL(rmdir);
    int done;
    ALONE(done = real(a); named('D', done, AT_FDCWD, a, 0, NULL));
    return done;
}
