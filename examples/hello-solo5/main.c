/* Where Solo5 starts the unikernel: gives OCaml its heap, then runs the program. */

#include <solo5.h>

#define CAML_NAME_SPACE
#include <caml/callback.h>

/* ocaml-solo5's C library; it has no header for this. */
void _nolibc_init(uintptr_t heap_start, size_t heap_size);

int solo5_app_main(const struct solo5_start_info *info)
{
    static char *arguments[] = { "hello", NULL };

    _nolibc_init(info->heap_start, info->heap_size);
    caml_startup(arguments);
    return 0;
}
