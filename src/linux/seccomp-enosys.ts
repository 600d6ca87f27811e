/** What a filter knows of one architecture. */
export interface KnownSyscalls {
  /** libseccomp's token: the kernel's audit architecture, except for x32. */
  readonly token: number;
  /** The highest number that a rule names. */
  readonly highest: number;
}

const X86_64 = 0xc000_003e;
/** libseccomp's own mark. The kernel reports x32 calls as x86-64 with a bit in the number. */
const X32_TOKEN = 0x4000_003e;
const X32_BIT = 0x4000_0000;
const ERRNO_ENOSYS = 0x0005_0000 | 38;
/** linux/bpf_common.h: load a word; jump if equal, if greater or equal, if greater; return a constant. */
const LD_W_ABS = 0x20;
const JEQ_K = 0x15;
const JGE_K = 0x35;
const JGT_K = 0x25;
const RET_K = 0x06;
/** Offsets in `struct seccomp_data`. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const INSTRUCTION_BYTES = 8;

/**
 * Makes a filter answer ENOSYS to calls that are younger than itself.
 *
 * C libraries try new calls and fall back to old ones on ENOSYS; EPERM, a filter's usual answer, they take for the truth
 * and fail. So whatever is numbered above everything the filter names is "not there", as it was when the filter was written.
 * Big-endian machines keep the program as it is: its words would have to be written the other way round.
 */
export function answerUnknownSyscalls(program: Buffer, known: readonly KnownSyscalls[]): Buffer {
  const isBigEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;
  if (isBigEndian) return program;
  const sections = known.filter(({ highest }) => highest >= 0).map(section);
  return Buffer.concat([...sections, program]);
}

/** Instructions that return ENOSYS for one architecture's unknown calls and fall through to what follows for all else. */
function section({ token, highest }: KnownSyscalls): Buffer {
  const isX32 = token === X32_TOKEN;
  const isX86 = isX32 || token === X86_64;
  return Buffer.concat([
    instruction(LD_W_ABS, ARCHITECTURE),
    instruction(JEQ_K, isX32 ? X86_64 : token, 0, isX86 ? 4 : 3),
    instruction(LD_W_ABS, NUMBER),
    // The two kinds of x86 share an architecture and differ by the bit.
    ...(isX32 ? [instruction(JGE_K, X32_BIT, 0, 2)] : isX86 ? [instruction(JGE_K, X32_BIT, 2, 0)] : []),
    instruction(JGT_K, highest, 0, 1),
    instruction(RET_K, ERRNO_ENOSYS),
  ]);
}

/** `struct sock_filter`: code, where to jump if true and if false, constant. */
function instruction(code: number, constant: number, ifTrue = 0, ifFalse = 0): Buffer {
  const bytes = Buffer.alloc(INSTRUCTION_BYTES);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(ifTrue, 2);
  bytes.writeUInt8(ifFalse, 3);
  bytes.writeUInt32LE(constant, 4);
  return bytes;
}
