// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's PID 1: mounts what a test needs, then runs commands for the host
 * (agent_protocol.h says how they talk) until it is told to power off.
 *
 * With `sc.shell` on the kernel command line it gives a shell on the console
 * instead.
 *
 * Commands are hostile by nature: they kill, unshare, filter themselves and
 * leave children behind. So each runs in a session of its own, and after it
 * every process in the machine but this one is killed and reaped.
 *
 * In a guest that has an init of its own (qemu/debian/) the same program is a
 * service: it only serves, and what it kills is what came of its command.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent_protocol.h"

#define PORT_DEADLINE_MS 5000
#define KILL_DEADLINE_MS 5000

static int port = -1;

static void kernel_log(const char *format, ...)
{
	char line[256];
	va_list args;
	int fd, length;

	/* Level 6 is shown with loglevel=7, and is not taken for a complaint. */
	length = snprintf(line, sizeof(line), "<6>%s", SC_LOG_PREFIX);
	va_start(args, format);
	vsnprintf(line + length, sizeof(line) - length - 1, format, args);
	va_end(args);
	/* A record without newline stays invisible until the next one comes. */
	strcat(line, "\n");

	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, line, strlen(line)) < 0)
		perror("/dev/kmsg");
	close(fd);
}

static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	/* Without ACPI this only halts; a restart ends QEMU (-no-reboot). */
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static void give_up(const char *what)
{
	kernel_log("cannot go on: %s: %s", what, strerror(errno));
	power_off();
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

static void mount_one(const char *type, const char *dir, const char *options)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, 0, options) && errno != EBUSY)
		kernel_log("mount %s: %s", dir, strerror(errno));
}

static void mount_filesystems(void)
{
	/* devtmpfs first: it brings /dev/kmsg, where the others complain. */
	mount_one("devtmpfs", "/dev", NULL);
	mount_one("proc", "/proc", NULL);
	mount_one("sysfs", "/sys", NULL);
	mount_one("tmpfs", "/tmp", "mode=1777");
	mount_one("tmpfs", "/run", "mode=755");
	mkdir("/dev/pts", 0755);
	mkdir("/dev/shm", 01777);
	/* Not in every config: their absence is not worth a line in the log. */
	mount("devpts", "/dev/pts", "devpts", 0, NULL);
	mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777");
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
}

static void open_stdio(void)
{
	int fd = open("/dev/null", O_RDWR);

	dup2(fd, STDIN_FILENO);
	fd = open("/dev/console", O_WRONLY);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	while (fd > STDERR_FILENO)
		close(fd--);
}

static bool command_line_has(const char *word)
{
	char line[4096], *token, *save;
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, line, sizeof(line) - 1);

	if (fd >= 0)
		close(fd);
	line[length > 0 ? length : 0] = '\0';
	for (token = strtok_r(line, " \n", &save); token; token = strtok_r(NULL, " \n", &save))
		if (!strcmp(token, word))
			return true;
	return false;
}

/* Interactive mode: a login-like shell on the serial console, then power off. */
static void run_shell(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		int fd;

		setsid();
		fd = open("/dev/ttyS0", O_RDWR);
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		ioctl(fd, TIOCSCTTY, 1);
		setenv("PATH", "/opt/seccomp-cache/bin:/opt/seccomp-cache/kselftest:/bin", 1);
		setenv("HOME", "/tmp", 1);
		setenv("PS1", "guest# ", 1);
		setenv("TERM", "vt100", 1);
		if (chdir("/tmp"))
			perror("/tmp");
		execl("/bin/busybox", "sh", NULL);
		perror("/bin/busybox");
		_exit(127);
	}
	while (waitpid(-1, &status, 0) != pid)
		;
	power_off();
}

static bool port_has_name(const char *port_dir)
{
	char path[300], name[64] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", port_dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, name, sizeof(name) - 1) < 0)
		name[0] = '\0';
	close(fd);
	return !strncmp(name, SC_PORT_NAME "\n", sizeof(SC_PORT_NAME));
}

static int find_port(void)
{
	DIR *dir = opendir("/sys/class/virtio-ports");
	struct dirent *entry;
	char path[300];
	int fd = -1;

	while (dir && fd < 0 && (entry = readdir(dir)))
		if (port_has_name(entry->d_name)) {
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			fd = open(path, O_RDWR | O_CLOEXEC);
		}
	if (dir)
		closedir(dir);
	return fd;
}

/* The port's name and "the host is there" both arrive a little after boot. */
static void open_port(void)
{
	uint64_t deadline = now_ms() + PORT_DEADLINE_MS;
	struct pollfd poll_port = { .events = POLLOUT };

	while (now_ms() < deadline) {
		if (port < 0)
			port = find_port();
		poll_port.fd = port;
		if (port >= 0 && poll(&poll_port, 1, 0) >= 0 && !(poll_port.revents & POLLHUP))
			return;
		usleep(10000);
	}
	errno = ENODEV;
	give_up("no virtio-serial port named " SC_PORT_NAME);
}

static void read_all(void *buffer, size_t length)
{
	char *at = buffer;

	while (length) {
		ssize_t got = read(port, at, length);

		if (got < 0 && errno == EINTR)
			continue;
		/* The host has closed its end: there is nobody to work for. */
		if (got <= 0)
			power_off();
		at += got;
		length -= got;
	}
}

static void write_all(const void *buffer, size_t length)
{
	const char *at = buffer;

	while (length) {
		ssize_t put = write(port, at, length);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			give_up("write to the host");
		at += put;
		length -= put;
	}
}

static void send_frame2(uint32_t type, uint32_t seq, const void *head, size_t head_length,
			const void *tail, size_t tail_length)
{
	struct sc_frame frame = { SC_MAGIC, type, seq, head_length + tail_length };

	write_all(&frame, sizeof(frame));
	write_all(head, head_length);
	write_all(tail, tail_length);
}

static void send_frame(uint32_t type, uint32_t seq, const void *payload, size_t length)
{
	send_frame2(type, seq, payload, length, NULL, 0);
}

static void send_error(uint32_t seq, const char *what)
{
	char text[512];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(errno));
	send_frame(SC_ERROR, seq, text, strlen(text));
}

static uint64_t kernel_taint(void)
{
	char text[32] = "";
	int fd = open("/proc/sys/kernel/tainted", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strtoull(text, NULL, 10);
}

static void say_hello(void)
{
	struct sc_hello hello = {
		.version = SC_PROTOCOL_VERSION,
		.cpus = sysconf(_SC_NPROCESSORS_ONLN),
		.taint = kernel_taint(),
	};
	struct utsname uts;

	uname(&uts);
	send_frame2(SC_HELLO, 0, &hello, sizeof(hello), uts.release, strlen(uts.release));
}

/* Waiting for SIGCHLD happens in ppoll() alone, so that none can be missed. */
static void on_child(int signal)
{
	(void)signal;
}

static void block_sigchld(void)
{
	struct sigaction action = { .sa_handler = on_child };
	sigset_t set;

	sigaction(SIGCHLD, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

struct command {
	uint32_t seq;
	pid_t pid;
	int status;
	bool ended;
	bool timed_out;
	int out[2]; /* read ends of stdout and stderr */
};

static void start_command(struct command *command, char **argv, char **envp)
{
	int out[2], err[2];

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		give_up("pipe");
	command->pid = fork();
	if (command->pid < 0)
		give_up("fork");
	if (!command->pid) {
		sigset_t none;

		sigemptyset(&none);
		signal(SIGCHLD, SIG_DFL);
		sigprocmask(SIG_SETMASK, &none, NULL);
		setsid();
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		if (chdir("/tmp"))
			perror("/tmp");
		execve(argv[0], argv, envp);
		dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	close(out[1]);
	close(err[1]);
	command->out[0] = out[0];
	command->out[1] = err[0];
}

/* Passes on what a pipe holds; closes it at its end. */
static void forward(struct command *command, int which)
{
	char buffer[65536];
	ssize_t got = read(command->out[which], buffer, sizeof(buffer));

	if (got > 0) {
		send_frame(which ? SC_STDERR : SC_STDOUT, command->seq, buffer, got);
		return;
	}
	if (got < 0 && errno == EINTR)
		return;
	close(command->out[which]);
	command->out[which] = -1;
}

/* Returns how many of the reaped died of SIGKILL. */
static unsigned int reap(struct command *command)
{
	unsigned int killed = 0;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == command->pid) {
			command->ended = true;
			command->status = status;
		} else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
			killed++;
		}
	}
	return killed;
}

static void wait_a_moment(struct command *command, int timeout_ms)
{
	struct pollfd fds[2] = {
		{ .fd = command->out[0], .events = POLLIN },
		{ .fd = command->out[1], .events = POLLIN },
	};
	struct timespec timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	sigset_t none;

	sigemptyset(&none);
	if (ppoll(fds, 2, &timeout, &none) <= 0)
		return;
	for (int i = 0; i < 2; i++)
		if (fds[i].revents)
			forward(command, i);
}

static void wait_for_end(struct command *command, uint32_t timeout_ms)
{
	uint64_t deadline = now_ms() + timeout_ms;

	for (reap(command); !command->ended; reap(command)) {
		uint64_t now = now_ms();

		if (now >= deadline) {
			command->timed_out = true;
			return;
		}
		wait_a_moment(command, deadline - now);
	}
}

static bool has_children(void)
{
	siginfo_t info;

	return !waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) || errno != ECHILD;
}

/*
 * Everything still alive was started by the command: PID 1 has no other child,
 * and neither has a service, to which orphans come as to the nearest subreaper.
 */
static void kill_all(void)
{
	char path[64];
	FILE *children;
	pid_t pid;

	if (getpid() == 1) {
		kill(-1, SIGKILL);
		return;
	}
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	children = fopen(path, "re");
	if (!children)
		give_up(path);
	while (fscanf(children, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	fclose(children);
}

static void kill_strays(struct command *command, struct sc_exit *result)
{
	uint64_t deadline = now_ms() + KILL_DEADLINE_MS;

	while (now_ms() < deadline) {
		kill_all();
		result->strays += reap(command);
		if (!has_children())
			return;
		wait_a_moment(command, 10);
	}
	result->unkillable = 1;
}

static void drain(struct command *command)
{
	for (int i = 0; i < 2; i++)
		while (command->out[i] >= 0)
			forward(command, i);
}

static void discard(struct command *command)
{
	for (int i = 0; i < 2; i++)
		if (command->out[i] >= 0)
			close(command->out[i]);
}

static void finish_command(struct command *command)
{
	struct sc_exit result = { 0 };

	kill_strays(command, &result);
	/* With every writer dead the pipes end; else they might never. */
	if (!result.unkillable)
		drain(command);
	else
		discard(command);

	if (command->timed_out) {
		result.how = SC_TIMED_OUT;
	} else if (WIFSIGNALED(command->status)) {
		result.how = SC_SIGNALED;
		result.code = WTERMSIG(command->status);
	} else {
		result.how = SC_EXITED;
		result.code = WEXITSTATUS(command->status);
	}
	kernel_log("end %u", command->seq);
	result.taint = kernel_taint();
	send_frame(SC_EXIT, command->seq, &result, sizeof(result));
}

/* Splits `count` NUL-terminated strings into a NULL-terminated vector. */
static char **split_strings(char **at, const char *end, uint32_t count)
{
	char **vector = calloc(count + 1, sizeof(*vector));

	for (uint32_t i = 0; vector && i < count; i++) {
		if (*at >= end) {
			free(vector);
			return NULL;
		}
		vector[i] = *at;
		*at += strlen(*at) + 1;
	}
	return vector;
}

static void handle_run(uint32_t seq, char *payload, size_t length)
{
	struct command command = { .seq = seq };
	struct sc_run run = { 0 };
	char **argv = NULL, **envp = NULL, *at = payload + sizeof(run);

	if (length > sizeof(run) && length < SC_MAX_PAYLOAD) {
		memcpy(&run, payload, sizeof(run));
		if (run.argc <= length && run.envc <= length) {
			argv = split_strings(&at, payload + length, run.argc);
			envp = split_strings(&at, payload + length, run.envc);
		}
	}
	if (!argv || !envp || !run.argc) {
		errno = EINVAL;
		send_error(seq, "RUN");
	} else {
		kernel_log("begin %u %s", seq, argv[0]);
		start_command(&command, argv, envp);
		wait_for_end(&command, run.timeout_ms);
		finish_command(&command);
	}
	free(argv);
	free(envp);
}

static void make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
}

static void handle_put(uint32_t seq, char *payload, size_t length)
{
	struct sc_put put;
	char *path = payload + sizeof(put);
	const char *content = length > sizeof(put) ? memchr(path, 0, length - sizeof(put)) : NULL;
	size_t left;
	int fd;

	if (!content) {
		errno = EINVAL;
		return send_error(seq, "PUT");
	}
	content++;
	left = payload + length - content;
	memcpy(&put, payload, sizeof(put));
	make_parents(path);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, put.mode);
	if (fd < 0)
		return send_error(seq, path);
	while (left) {
		ssize_t written = write(fd, content, left);

		if (written <= 0)
			break;
		content += written;
		left -= written;
	}
	/* The mode is the host's wish, whatever the umask. */
	if (left || fchmod(fd, put.mode))
		send_error(seq, path);
	else
		send_frame(SC_DONE, seq, NULL, 0);
	close(fd);
}

static void handle_get(uint32_t seq, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *content = NULL;
	size_t length = 0;
	ssize_t got = -1;

	if (fd < 0)
		return send_error(seq, path);
	/* Read until the end: files in /proc do not know their size. */
	while (length < SC_MAX_PAYLOAD) {
		content = realloc(content, length + 65536);
		if (!content)
			give_up("out of memory");
		got = read(fd, content + length, 65536);
		if (got <= 0)
			break;
		length += got;
	}
	if (got < 0)
		send_error(seq, path);
	else
		send_frame(SC_DATA, seq, content, length);
	close(fd);
	free(content);
}

static void serve(void)
{
	struct sc_frame frame;
	char *payload;

	for (;;) {
		read_all(&frame, sizeof(frame));
		if (frame.magic != SC_MAGIC || frame.length > SC_MAX_PAYLOAD) {
			errno = EPROTO;
			give_up("frame from the host");
		}
		payload = calloc(1, frame.length + 1);
		if (!payload)
			give_up("out of memory");
		read_all(payload, frame.length);
		switch (frame.type) {
		case SC_RUN:
			handle_run(frame.seq, payload, frame.length);
			break;
		case SC_PUT:
			handle_put(frame.seq, payload, frame.length);
			break;
		case SC_GET:
			handle_get(frame.seq, payload);
			break;
		case SC_POWEROFF:
			kernel_log("power off");
			power_off();
			break;
		default:
			errno = EPROTO;
			send_error(frame.seq, "request");
		}
		free(payload);
	}
}

static void be_init(void)
{
	mount_filesystems();
	open_stdio();
	if (command_line_has("sc.shell"))
		run_shell();
}

static void be_service(void)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		give_up("becoming a subreaper");
}

int main(void)
{
	if (getpid() == 1)
		be_init();
	else
		be_service();
	block_sigchld();
	open_port();
	say_hello();
	serve();
	return 0;
}
