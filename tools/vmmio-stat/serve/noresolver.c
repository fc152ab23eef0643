// SPDX-License-Identifier: GPL-2.0-only
/*
 * serve looks no name up, and a static program cannot. libevent calls the resolver in code that we
 * never reach; the linker's --wrap leads these calls here, which also avoids warnings of the build.
 */
#include <netdb.h>
#include <stddef.h>

int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		       struct addrinfo **res);
struct protoent *__wrap_getprotobynumber(int proto);
struct servent *__wrap_getservbyname(const char *name, const char *proto);

int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		       struct addrinfo **res)
{
	return EAI_FAIL;
}

struct protoent *__wrap_getprotobynumber(int proto)
{
	return NULL;
}

struct servent *__wrap_getservbyname(const char *name, const char *proto)
{
	return NULL;
}
