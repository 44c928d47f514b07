/*
 * Structs that system calls take but that no UAPI header defines. A name that
 * starts with luatrace_ loses that prefix in the table and takes the place of
 * a header's struct of that name, which is not what the kernel reads.
 */
#include <stddef.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <asm/signal.h>
#include <sys/socket.h>

/* sendmsg(2), recvmsg(2): the kernel's user_msghdr. */
struct luatrace_msghdr {
	struct sockaddr *msg_name;
	int msg_namelen;
	struct iovec *msg_iov;
	unsigned long msg_iovlen;
	void *msg_control;
	unsigned long msg_controllen;
	unsigned int msg_flags;
};
struct mmsghdr {
	struct luatrace_msghdr msg_hdr;
	unsigned int msg_len;
};
struct cmsghdr {
	unsigned long cmsg_len;
	int cmsg_level;
	int cmsg_type;
};
struct linger {
	int l_onoff;
	int l_linger;
};
struct ucred {
	__u32 pid;
	__u32 uid;
	__u32 gid;
};
struct luatrace_sockaddr {
	sa_family_t sa_family;
	char sa_data[14];
};
struct luatrace_sockaddr_storage {
	sa_family_t ss_family;
	char ss_data[126];
};
/* Bluetooth addresses; the headers are part of BlueZ. */
struct sockaddr_hci {
	sa_family_t hci_family;
	unsigned short hci_dev;
	unsigned short hci_channel;
};
struct sockaddr_l2 {
	sa_family_t l2_family;
	__u16 l2_psm;
	__u8 l2_bdaddr[6];
	__u16 l2_cid;
	__u8 l2_bdaddr_type;
};
struct sockaddr_rc {
	sa_family_t rc_family;
	__u8 rc_bdaddr[6];
	__u8 rc_channel;
};
struct sockaddr_sco {
	sa_family_t sco_family;
	__u8 sco_bdaddr[6];
};

/* getdents(2), getdents64(2), readdir(2) of i386. */
struct linux_dirent {
	unsigned long d_ino;
	unsigned long d_off;
	unsigned short d_reclen;
	char d_name[];
};
struct linux_dirent64 {
	__u64 d_ino;
	__s64 d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[];
};
struct old_linux_dirent {
	unsigned long d_ino;
	unsigned long d_offset;
	unsigned short d_namlen;
	char d_name[];
};
struct luatrace_file_handle {
	__u32 handle_bytes;
	__s32 handle_type;
	unsigned char f_handle[];
};
struct ustat {
	__kernel_daddr_t f_tfree;
	unsigned long f_tinode;
	char f_fname[6];
	char f_fpack[6];
};

/* i386's asm/signal.h has a macro of that name. */
#undef sa_handler
#undef sa_sigaction

/* rt_sigaction(2), and sigaction(2) of i386. */
struct luatrace_sigaction {
	void *sa_handler;
	unsigned long sa_flags;
	void *sa_restorer;
	unsigned long sa_mask[8 / sizeof(unsigned long)];
};
struct luatrace_old_sigaction {
	void *sa_handler;
	unsigned long sa_mask;
	unsigned long sa_flags;
	void *sa_restorer;
};
/* The sixth argument of pselect6(2) and io_pgetevents(2). */
struct luatrace_sigset_argpack {
	void *p;
	unsigned long size;
};

struct luatrace_sched_param {
	int sched_priority;
};
/* The only argument of i386's mmap(2) (old_mmap) and select(2) (old_select). */
struct mmap_arg_struct {
	unsigned long addr;
	unsigned long len;
	unsigned long prot;
	unsigned long flags;
	unsigned long fd;
	unsigned long offset;
};
struct sel_arg_struct {
	unsigned long n;
	void *inp;
	void *outp;
	void *exp;
	void *tvp;
};
struct getcpu_cache {
	unsigned long blob[128 / sizeof(long)];
};

/* SG_IO's argument; scsi/sg.h is a C library's. */
struct luatrace_sg_io_hdr {
	int interface_id;
	int dxfer_direction;
	unsigned char cmd_len;
	unsigned char mx_sb_len;
	unsigned short iovec_count;
	unsigned int dxfer_len;
	void *dxferp;
	unsigned char *cmdp;
	unsigned char *sbp;
	unsigned int timeout;
	unsigned int flags;
	int pack_id;
	void *usr_ptr;
	unsigned char status;
	unsigned char masked_status;
	unsigned char msg_status;
	unsigned char sb_len_wr;
	unsigned short host_status;
	unsigned short driver_status;
	int resid;
	unsigned int duration;
	unsigned int info;
};
