// The packed files of the console, byte for byte.
    .section .rodata
    .balign 16
    .global offtake_console_archive
offtake_console_archive:
    .incbin OFFTAKE_ARCHIVE
    .global offtake_console_archive_end
offtake_console_archive_end:
    .byte 0
    .section .note.GNU-stack,"",%progbits
