/* Unikraft starts a unikernel as a C program. */

#define CAML_NAME_SPACE
#include <caml/callback.h>

int main(int argc, char **argv)
{
    (void)argc;
    caml_startup(argv);
    return 0;
}
