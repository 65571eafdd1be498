#include <editline/readline.h>
#include <stdio.h>

/* Swift 6 does not touch C globals that anybody may change: these set and read the ones of libedit that a line editor needs. */

static inline void muster_edit_begin(
    int (*read_character)(FILE *), rl_completion_func_t *complete)
{
    /* Everything but letters, digits, `_`, `.` and `:` ends a word of Lua. */
    static char word_breaks[] = " \t\n\"\\'`@$><=;|&{}()[],+-*/%^#~!?";

    rl_readline_name = "muster";
    rl_catch_signals = 0;
    rl_getc_function = read_character;
    rl_attempted_completion_function = complete;
    rl_basic_word_break_characters = word_breaks;
    rl_completer_word_break_characters = word_breaks;
    rl_completion_append_character = '\0';
    rl_initialize();
}

/* Without this, libedit offers file names where there are no completions. */
static inline void muster_edit_offer_no_files(void) { rl_attempted_completion_over = 1; }

/* Shows prompt and line again, on the line where the cursor is. */
static inline void muster_edit_redraw(void) { rl_forced_update_display(); }

static inline const char *muster_edit_line(void) { return rl_line_buffer; }
