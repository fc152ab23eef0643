// SPDX-License-Identifier: GPL-2.0-only
/*
 * serve looks no name up, and a static program cannot: libevent's calls of the resolver,
 * which nothing of ours leads to, come here by the linker's --wrap, which also spares the
 * build its warnings about them.
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
