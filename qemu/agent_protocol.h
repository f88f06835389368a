/* SPDX-License-Identifier: MIT */
/*
 * What the host and the guest's /init say to each other.
 *
 * The two ends talk over one virtio-serial port, never over the console, so
 * that neither kernel messages nor the BIOS can garble a result. Everything is
 * a frame: a struct sc_frame and then `length` bytes. Both ends are x86, so
 * integers are little endian and structs are sent as they are.
 *
 *   guest: HELLO                            once, when it can take commands
 *   host:  RUN     guest: STDOUT/STDERR..., EXIT
 *   host:  PUT     guest: DONE or ERROR
 *   host:  GET     guest: DATA or ERROR
 *   host:  POWEROFF                         no answer, the machine goes away
 *
 * One request at a time; every answer carries its request's sequence number.
 * A second HELLO means that the guest was rebooted behind the host's back.
 *
 * Around each command the guest writes two lines into the kernel log,
 *   sc-agent: begin SEQ NAME
 *   sc-agent: end SEQ
 * and sends EXIT only after the second: a host that has read `end SEQ` on the
 * console has seen every kernel message the command caused so far.
 */
#ifndef SC_AGENT_PROTOCOL_H
#define SC_AGENT_PROTOCOL_H

#include <stdint.h>

#define SC_PORT_NAME "seccomp-cache.agent"
#define SC_LOG_PREFIX "sc-agent: "

enum { SC_MAGIC = 0x41434353, SC_PROTOCOL_VERSION = 1, SC_MAX_PAYLOAD = 16 << 20 };

enum sc_frame_type {
    SC_HELLO = 1, /* struct sc_hello, then the kernel release (no NUL) */
    SC_RUN,       /* struct sc_run, then argc + envc NUL-terminated strings */
    SC_STDOUT,    /* bytes */
    SC_STDERR,    /* bytes */
    SC_EXIT,      /* struct sc_exit */
    SC_PUT,       /* struct sc_put, then the path, a NUL, the content */
    SC_GET,       /* path (no NUL) */
    SC_DATA,      /* content */
    SC_DONE,      /* nothing */
    SC_ERROR,     /* text (no NUL) */
    SC_POWEROFF,  /* nothing */
};

struct sc_frame {
    uint32_t magic;
    uint32_t type;
    uint32_t seq;
    uint32_t length;
};

struct sc_hello {
    uint32_t version;
    uint32_t cpus;
    uint64_t taint;
};

struct sc_run {
    uint32_t timeout_ms;
    uint32_t argc;
    uint32_t envc;
    uint32_t reserved;
};

struct sc_put {
    uint32_t mode;
    uint32_t reserved;
};

enum sc_how { SC_EXITED = 0, SC_SIGNALED = 1, SC_TIMED_OUT = 2 };

struct sc_exit {
    uint32_t how;
    uint32_t code;       /* exit status or signal number */
    uint32_t strays;     /* processes the command left running, killed since */
    uint32_t unkillable; /* processes that did not even die of SIGKILL */
    uint64_t taint;      /* /proc/sys/kernel/tainted after the command */
};

#endif
