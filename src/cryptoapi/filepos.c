/* SPDX-License-Identifier: Apache-2.0 */
/* How long a file is, where its pointer stands, and files by their names alone. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cryptoapi/file.h"
#include "cryptoapi/wide.h"

static DWORD
size_of(HANDLE file, uint64_t *ret_size)
{
    int fd = -1;
    struct stat st;
    CAPI_TRY(capi_fd(file, &fd));
    CAPI_CHECK(fstat(fd, &st) == 0, capi_errno());
    *ret_size = (uint64_t)st.st_size;
    return ERROR_SUCCESS;
}

DWORD WINAPI
GetFileSize(HANDLE hFile, LPDWORD lpFileSizeHigh)
{
    uint64_t size = 0;
    if (!capi_finish(size_of(hFile, &size))) {
        return INVALID_FILE_SIZE;
    }
    if (lpFileSizeHigh != NULL) {
        *lpFileSizeHigh = (DWORD)(size >> 32);
    }
    SetLastError(ERROR_SUCCESS); /* a length may look like INVALID_FILE_SIZE: programs ask */
    return (DWORD)size;
}

BOOL WINAPI
GetFileSizeEx(HANDLE hFile, PLARGE_INTEGER lpFileSize)
{
    uint64_t size = 0;
    if (lpFileSize == NULL) {
        return capi_finish(ERROR_INVALID_PARAMETER);
    }
    if (!capi_finish(size_of(hFile, &size))) {
        return FALSE;
    }
    lpFileSize->QuadPart = (LONGLONG)size;
    return TRUE;
}

static DWORD
seek(HANDLE file, int64_t distance, DWORD method, int64_t *ret_pos)
{
    static const int whence[] = {SEEK_SET, SEEK_CUR, SEEK_END};
    int fd = -1;
    CAPI_CHECK(method <= FILE_END, ERROR_INVALID_PARAMETER);
    CAPI_TRY(capi_fd(file, &fd));
    off_t pos = lseek(fd, (off_t)distance, whence[method]);
    CAPI_CHECK(pos >= 0, errno == EINVAL ? ERROR_NEGATIVE_SEEK : capi_errno());
    *ret_pos = pos;
    return ERROR_SUCCESS;
}

DWORD WINAPI
SetFilePointer(HANDLE hFile, LONG lDistanceToMove, PLONG lpDistanceToMoveHigh, DWORD dwMoveMethod)
{
    int64_t pos = 0, distance = lDistanceToMove;
    if (lpDistanceToMoveHigh != NULL) {
        distance =
            (int64_t)((uint64_t)(uint32_t)*lpDistanceToMoveHigh << 32 | (uint32_t)lDistanceToMove);
    }
    if (!capi_finish(seek(hFile, distance, dwMoveMethod, &pos))) {
        return INVALID_SET_FILE_POINTER;
    }
    if (lpDistanceToMoveHigh != NULL) {
        *lpDistanceToMoveHigh = (LONG)(pos >> 32);
    }
    SetLastError(ERROR_SUCCESS); /* as GetFileSize() does */
    return (DWORD)pos;
}

BOOL WINAPI
SetFilePointerEx(HANDLE hFile, LARGE_INTEGER liDistanceToMove, PLARGE_INTEGER lpNewFilePointer,
                 DWORD dwMoveMethod)
{
    int64_t pos = 0;
    if (!capi_finish(seek(hFile, liDistanceToMove.QuadPart, dwMoveMethod, &pos))) {
        return FALSE;
    }
    if (lpNewFilePointer != NULL) {
        lpNewFilePointer->QuadPart = pos;
    }
    return TRUE;
}

BOOL WINAPI
SetEndOfFile(HANDLE hFile)
{
    int fd = -1;
    DWORD code = capi_fd(hFile, &fd);
    off_t here = code == ERROR_SUCCESS ? lseek(fd, 0, SEEK_CUR) : 0;
    if (code == ERROR_SUCCESS && (here < 0 || ftruncate(fd, here) != 0)) {
        code = errno == EINVAL ? ERROR_ACCESS_DENIED : capi_errno(); /* EINVAL: open to read only */
    }
    return capi_finish(code);
}

BOOL WINAPI
FlushFileBuffers(HANDLE hFile)
{
    int fd = -1;
    DWORD code = capi_fd(hFile, &fd);
    if (code == ERROR_SUCCESS && fsync(fd) != 0) {
        code = capi_errno();
    }
    return capi_finish(code);
}

BOOL WINAPI
DeleteFileA(LPCSTR lpFileName)
{
    if (lpFileName == NULL) {
        return capi_finish(ERROR_PATH_NOT_FOUND);
    }
    return capi_finish(unlink(lpFileName) == 0 ? ERROR_SUCCESS : capi_errno());
}

BOOL WINAPI
DeleteFileW(LPCWSTR lpFileName)
{
    SPK_AUTO_STR char *name = NULL;
    DWORD code = capi_narrow(lpFileName, &name);
    return code == ERROR_SUCCESS ? DeleteFileA(name) : capi_finish(code);
}

DWORD WINAPI
GetFileAttributesA(LPCSTR lpFileName)
{
    struct stat st;
    if (lpFileName == NULL || stat(lpFileName, &st) != 0) {
        SetLastError(lpFileName == NULL ? ERROR_PATH_NOT_FOUND : capi_errno());
        return INVALID_FILE_ATTRIBUTES;
    }
    DWORD attributes = S_ISDIR(st.st_mode) ? FILE_ATTRIBUTE_DIRECTORY : 0;
    attributes |= (st.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) == 0 ? FILE_ATTRIBUTE_READONLY : 0;
    return attributes != 0 ? attributes : FILE_ATTRIBUTE_NORMAL;
}

DWORD WINAPI
GetFileAttributesW(LPCWSTR lpFileName)
{
    SPK_AUTO_STR char *name = NULL;
    DWORD code = capi_narrow(lpFileName, &name);
    if (code != ERROR_SUCCESS) {
        SetLastError(code);
        return INVALID_FILE_ATTRIBUTES;
    }
    return GetFileAttributesA(name);
}
