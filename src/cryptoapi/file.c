/* SPDX-License-Identifier: Apache-2.0 */
/* CreateFile and its kin over POSIX descriptors. A handle is looked up, so that a wrong one closes
 * nothing. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cryptoapi/file.h"
#include "cryptoapi/wide.h"

#define FILE_MODE 0666 /* less the umask, as every program makes its files */
#define FILES_MAX 65536u
#define HANDLE_STEP 4u  /* handles are multiples of 4, as on Windows */
#define STANDARD_TAG 3u /* but for those that nobody may close */

static pthread_mutex_t files_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t open_files[FILES_MAX / 64]; /* a bit for each descriptor that is a handle */

DWORD
capi_errno(void)
{
    switch (errno) {
    case ENOENT:
        return ERROR_FILE_NOT_FOUND;
    case ENOTDIR:
        return ERROR_PATH_NOT_FOUND;
    case EEXIST:
        return ERROR_FILE_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
    case EISDIR:
    case EBADF: /* opened for the other direction: a closed handle does not come this far */
        return ERROR_ACCESS_DENIED;
    case EMFILE:
    case ENFILE:
        return ERROR_TOO_MANY_OPEN_FILES;
    case ENOMEM:
        return ERROR_NOT_ENOUGH_MEMORY;
    case ENOSPC:
        return ERROR_DISK_FULL;
    case ENAMETOOLONG:
        return ERROR_FILENAME_EXCED_RANGE;
    case EINVAL:
        return ERROR_INVALID_PARAMETER;
    default:
        return ERROR_GEN_FAILURE;
    }
}

static DWORD
fd_of(HANDLE h, bool take, int *ret_fd)
{
    uintptr_t v = (uintptr_t)h;
    if (!take && v % HANDLE_STEP == STANDARD_TAG && v / HANDLE_STEP <= STDERR_FILENO) {
        *ret_fd = (int)(v / HANDLE_STEP);
        return ERROR_SUCCESS;
    }
    CAPI_CHECK(v != 0 && v % HANDLE_STEP == 0 && v / HANDLE_STEP <= FILES_MAX,
               ERROR_INVALID_HANDLE);
    size_t fd = v / HANDLE_STEP - 1;
    uint64_t bit = (uint64_t)1 << (fd % 64);
    (void)pthread_mutex_lock(&files_lock);
    bool known = (open_files[fd / 64] & bit) != 0;
    if (take) {
        open_files[fd / 64] &= ~bit;
    }
    (void)pthread_mutex_unlock(&files_lock);
    CAPI_CHECK(known, ERROR_INVALID_HANDLE);
    *ret_fd = (int)fd;
    return ERROR_SUCCESS;
}

DWORD
capi_fd(HANDLE h, int *ret_fd)
{
    return fd_of(h, false, ret_fd);
}

HANDLE WINAPI
GetStdHandle(DWORD nStdHandle)
{
    DWORD fd = STD_INPUT_HANDLE - nStdHandle;
    if (fd > STDERR_FILENO) {
        SetLastError(ERROR_INVALID_HANDLE);
        return INVALID_HANDLE_VALUE;
    }
    uintptr_t v = fd * HANDLE_STEP + STANDARD_TAG;
    return (HANDLE)v;
}

static DWORD
hand_out(int fd, HANDLE *ret_h)
{
    if ((unsigned)fd >= FILES_MAX) {
        (void)close(fd);
        return ERROR_TOO_MANY_OPEN_FILES;
    }
    (void)pthread_mutex_lock(&files_lock);
    open_files[(unsigned)fd / 64] |= (uint64_t)1 << ((unsigned)fd % 64);
    (void)pthread_mutex_unlock(&files_lock);
    uintptr_t v = ((uintptr_t)(unsigned)fd + 1) * HANDLE_STEP;
    *ret_h = (HANDLE)v;
    return ERROR_SUCCESS;
}

static DWORD
open_flags(DWORD access, DWORD disposition, int *ret_flags)
{
    static const int how[] = {-1, O_CREAT | O_EXCL, O_CREAT | O_TRUNC, 0, O_CREAT, O_TRUNC};
    bool reads = (access & (GENERIC_ALL | GENERIC_READ | FILE_READ_DATA)) != 0;
    bool appends = (access & (GENERIC_ALL | GENERIC_WRITE | FILE_WRITE_DATA)) == 0 &&
                   (access & FILE_APPEND_DATA) != 0;
    bool writes = appends || (access & (GENERIC_ALL | GENERIC_WRITE | FILE_WRITE_DATA)) != 0;
    CAPI_CHECK(disposition >= CREATE_NEW && disposition <= TRUNCATE_EXISTING,
               ERROR_INVALID_PARAMETER);
    CAPI_CHECK(writes || disposition != TRUNCATE_EXISTING, ERROR_INVALID_PARAMETER);
    *ret_flags = how[disposition] | O_CLOEXEC | (appends ? O_APPEND : 0) |
                 (writes ? (reads ? O_RDWR : O_WRONLY) : O_RDONLY);
    return ERROR_SUCCESS;
}

static DWORD
create(const char *name, DWORD access, DWORD disposition, DWORD attributes, HANDLE *ret_h)
{
    int flags = 0;
    struct stat st;
    CAPI_CHECK(name != NULL, ERROR_PATH_NOT_FOUND);
    CAPI_CHECK((attributes & (FILE_FLAG_OVERLAPPED | FILE_FLAG_DELETE_ON_CLOSE)) == 0,
               ERROR_NOT_SUPPORTED); /* left out, they would change what the program does */
    CAPI_TRY(open_flags(access, disposition, &flags));
    flags |= (attributes & FILE_FLAG_WRITE_THROUGH) != 0 ? O_SYNC : 0;
    bool there = disposition == CREATE_ALWAYS || disposition == OPEN_ALWAYS
                     ? faccessat(AT_FDCWD, name, F_OK, 0) == 0
                     : false;
    int fd = open(name, flags, FILE_MODE);
    if (fd < 0) {
        return capi_errno();
    }
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        (void)close(fd);
        return ERROR_ACCESS_DENIED;
    }
    CAPI_TRY(hand_out(fd, ret_h));
    SetLastError(there ? ERROR_ALREADY_EXISTS : ERROR_SUCCESS); /* programs ask for it */
    return ERROR_SUCCESS;
}

HANDLE WINAPI
CreateFileA(LPCSTR lpFileName, DWORD dwDesiredAccess, DWORD dwShareMode,
            LPSECURITY_ATTRIBUTES lpSecurityAttributes, DWORD dwCreationDisposition,
            DWORD dwFlagsAndAttributes, HANDLE hTemplateFile)
{
    HANDLE h = INVALID_HANDLE_VALUE;
    (void)dwShareMode;
    (void)lpSecurityAttributes;
    (void)hTemplateFile;
    (void)capi_finish(
        create(lpFileName, dwDesiredAccess, dwCreationDisposition, dwFlagsAndAttributes, &h));
    return h;
}

HANDLE WINAPI
CreateFileW(LPCWSTR lpFileName, DWORD dwDesiredAccess, DWORD dwShareMode,
            LPSECURITY_ATTRIBUTES lpSecurityAttributes, DWORD dwCreationDisposition,
            DWORD dwFlagsAndAttributes, HANDLE hTemplateFile)
{
    SPK_AUTO_STR char *name = NULL;
    DWORD code = capi_narrow(lpFileName, &name);
    if (code != ERROR_SUCCESS) {
        SetLastError(code);
        return INVALID_HANDLE_VALUE;
    }
    return CreateFileA(name, dwDesiredAccess, dwShareMode, lpSecurityAttributes,
                       dwCreationDisposition, dwFlagsAndAttributes, hTemplateFile);
}

static DWORD
transfer_done(spk_err e)
{
    if (spk_ok(e)) {
        return ERROR_SUCCESS;
    }
    errno = e.sys;
    return capi_errno();
}

static DWORD
read_file(HANDLE file, void *buf, DWORD len, DWORD *ret_n)
{
    int fd = -1;
    size_t n = 0;
    CAPI_CHECK(ret_n != NULL, ERROR_INVALID_PARAMETER);
    *ret_n = 0;
    CAPI_TRY(fd_of(file, false, &fd));
    CAPI_CHECK(buf != NULL || len == 0, ERROR_INVALID_PARAMETER);
    CAPI_TRY(transfer_done(spk_read_full(fd, buf, len, &n)));
    *ret_n = (DWORD)n;
    return ERROR_SUCCESS;
}

BOOL WINAPI
ReadFile(HANDLE hFile, LPVOID lpBuffer, DWORD nNumberOfBytesToRead, LPDWORD lpNumberOfBytesRead,
         LPOVERLAPPED lpOverlapped)
{
    if (lpOverlapped != NULL) {
        return capi_finish(ERROR_NOT_SUPPORTED);
    }
    return capi_finish(read_file(hFile, lpBuffer, nNumberOfBytesToRead, lpNumberOfBytesRead));
}

static DWORD
write_file(HANDLE file, const void *buf, DWORD len, DWORD *ret_n)
{
    int fd = -1;
    CAPI_CHECK(ret_n != NULL, ERROR_INVALID_PARAMETER);
    *ret_n = 0;
    CAPI_TRY(fd_of(file, false, &fd));
    CAPI_CHECK(buf != NULL || len == 0, ERROR_INVALID_PARAMETER);
    CAPI_TRY(transfer_done(spk_write_full(fd, spk_span(buf, len))));
    *ret_n = len;
    return ERROR_SUCCESS;
}

BOOL WINAPI
WriteFile(HANDLE hFile, LPCVOID lpBuffer, DWORD nNumberOfBytesToWrite,
          LPDWORD lpNumberOfBytesWritten, LPOVERLAPPED lpOverlapped)
{
    if (lpOverlapped != NULL) {
        return capi_finish(ERROR_NOT_SUPPORTED);
    }
    return capi_finish(write_file(hFile, lpBuffer, nNumberOfBytesToWrite, lpNumberOfBytesWritten));
}

BOOL WINAPI
CloseHandle(HANDLE hObject)
{
    int fd = -1;
    DWORD code = fd_of(hObject, true, &fd);
    if (code == ERROR_SUCCESS && close(fd) != 0) {
        code = capi_errno();
    }
    return capi_finish(code);
}
