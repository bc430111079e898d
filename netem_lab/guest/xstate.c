/* SPDX-License-Identifier: Apache-2.0
 *
 * Lets User-Mode Linux run on processors with more state than it knows of.
 *
 * It keeps the first 2696 bytes of a process's registers (HOST_XSTATE_SIZE of arch/x86/um, to Linux
 * 6.12), and Linux takes them back whole only: on a processor with AMX, 11008 bytes. Here the part that
 * User-Mode Linux does not know is said to be in its initial state.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#define HEADER 512           /* The state's first word says which parts are not in their initial state. */
#define KNOWN 0x3ffULL       /* x87, SSE, AVX, MPX, AVX-512 and PKRU: all that is within 2696 bytes. */
#define MOST (1 << 16)

static unsigned char whole[MOST]; /* User-Mode Linux has one processor, and its stacks are small. */
static size_t length;

long ptrace(enum __ptrace_request request, ...)
{
	static long (*real)(enum __ptrace_request, ...);
	va_list rest;
	va_start(rest, request);
	pid_t pid = va_arg(rest, pid_t);
	void *address = va_arg(rest, void *);
	void *data = va_arg(rest, void *);
	va_end(rest);
	if (!real)
		real = dlsym(RTLD_NEXT, "ptrace");
	if (request != PTRACE_SETREGSET || (uintptr_t)address != NT_X86_XSTATE)
		return real(request, pid, address, data);

	const struct iovec *known = data;
	struct iovec all = { whole, MOST };
	if (!length) {
		if (real(PTRACE_GETREGSET, pid, address, &all) < 0)
			return -1;
		length = all.iov_len;
		memset(whole, 0, MOST);
	}
	if (known->iov_len >= length)
		return real(request, pid, address, data);
	uint64_t parts;
	memcpy(whole, known->iov_base, known->iov_len);
	memcpy(&parts, whole + HEADER, sizeof parts);
	parts &= KNOWN;
	memcpy(whole + HEADER, &parts, sizeof parts);
	all.iov_len = length;
	return real(request, pid, address, &all);
}
