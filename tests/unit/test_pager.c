// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of records: what was put on them is read back by the kernel's own rules, with its time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tools/vmmio-stat/record/pager.h"

#define PAGE 4096
#define ROOM 4
#define HEAD 16

static char pages[ROOM * PAGE];

static struct vmmio_pager fresh(void)
{
	memset(pages, 0x5a, sizeof(pages));
	return (struct vmmio_pager){
		.page_size = PAGE, .long_size = 8, .pages = pages, .room = ROOM};
}

struct seen {
	__u64 ns;
	size_t size;
	char first;
};

/* The records of a page, as include/linux/ring_buffer.h has them. Returns how many. */
static int read_page(const char *page, struct seen *to, int max)
{
	__u64 ns, commit;
	__u32 head, next;
	size_t at = HEAD;
	int n = 0;

	memcpy(&ns, page, 8);
	memcpy(&commit, page + 8, 8);
	assert_true(commit && commit <= PAGE - HEAD);
	while (at < HEAD + commit) {
		memcpy(&head, page + at, 4);
		memcpy(&next, page + at + 4, 4);
		ns += head >> 5;
		if ((head & 31) == 30) {
			ns += (__u64)next << 27;
			at += 8;
			continue;
		}
		assert_true(n < max && (head & 31) < 29);
		to[n].ns = ns;
		to[n].size = head & 31 ? (head & 31) * 4 : next - 4;
		at += head & 31 ? 4 : 8;
		to[n].first = page[at];
		at += to[n++].size;
	}
	assert_int_equal(at, HEAD + commit);
	for (; at < PAGE; at++)
		assert_int_equal(page[at], 0);
	return n;
}

static void put(struct vmmio_pager *p, __u64 ns, size_t size, char c)
{
	char *at = vmmio_pager_add(p, ns, size);

	assert_non_null(at);
	memset(at, c, size);
}

static void keeps_times(void **state)
{
	struct vmmio_pager p = fresh();
	struct seen s[8];

	put(&p, 1000, 40, 'a');
	put(&p, 1000 + (1u << 27) - 1, 40, 'b'); /* as far as a word tells */
	put(&p, 1000 + (1ull << 28), 42, 'c');	 /* farther */
	put(&p, 1ull << 58, 128, 'd');		 /* with a length of its own */
	put(&p, 5, 4, 'e');			 /* earlier: the same time */
	assert_int_equal(vmmio_pager_end(&p), 1);
	assert_int_equal(read_page(pages, s, 8), 5);
	assert_true(s[0].ns == 1000 && s[0].size == 40 && s[0].first == 'a');
	assert_true(s[1].ns == 1000 + (1u << 27) - 1 && s[1].first == 'b');
	assert_true(s[2].ns == 1000 + (1ull << 28) && s[2].size == 44);
	assert_true(s[3].ns == 1ull << 58 && s[3].size == 128 && s[3].first == 'd');
	assert_true(s[4].ns == 1ull << 58 && s[4].size == 4 && s[4].first == 'e');
}

static void fills_pages(void **state)
{
	struct vmmio_pager p = fresh();
	struct seen s[128];
	int n, i, sum = 0;
	__u64 ns = 1ull << 50;

	for (n = 0; vmmio_pager_add(&p, ns + (__u64)n * 7, 44); n++)
		;
	assert_int_equal(n, ROOM * (4080 / 48));
	assert_int_equal(p.full, ROOM);
	for (i = 0; i < ROOM; i++)
		sum += read_page(pages + i * PAGE, s, 128);
	assert_int_equal(sum, n);
	assert_true(s[0].ns == ns + (__u64)(3 * 85) * 7);
	vmmio_pager_restart(&p);
	put(&p, ns + 10000, 44, 'x');
	assert_int_equal(vmmio_pager_end(&p), 1);
	assert_int_equal(read_page(pages, s, 128), 1);
	assert_null(vmmio_pager_add(&p, ns, PAGE)); /* fits no page */
	assert_null(vmmio_pager_add(&p, ns, 0));
}

static void goes_on_with_what_is_begun(void **state)
{
	struct vmmio_pager p = fresh();
	struct seen s[128];
	int i;

	for (i = 0; i < 100; i++)
		put(&p, 1000 + (__u64)i, 44, (char)i);
	assert_int_equal(p.full, 1);
	vmmio_pager_restart(&p);
	put(&p, 2000, 44, 'z');
	assert_int_equal(vmmio_pager_end(&p), 1);
	assert_int_equal(read_page(pages, s, 128), 16);
	assert_true(s[0].ns == 1085 && s[0].first == 85);
	assert_true(s[15].ns == 2000 && s[15].first == 'z');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_times),
		cmocka_unit_test(fills_pages),
		cmocka_unit_test(goes_on_with_what_is_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
