// Runs each instruction of a corpus on random states, flips every bit of a state in turn, and prints which
// output bytes that changed: what src/taint/oracle_cross_test.cpp holds the rules against. Built for each
// architecture and run by its emulator.
//
// One line an instruction: its text, a tab, its bytes in hex, a tab, and for each byte of the state the set of
// the state's bytes that it was seen to depend on, as 32 hex digits (byte 0 first, its lowest bit for byte 0).
#include <stdint.h>
#include <stdio.h>
#include <string.h>

// Registers at 0, 8, 16, 24 (a word each), flags at 32, vectors at 48, 64, 80, memory at 96.
enum { state_bytes = 128, flags_at = 32, vectors_at = 48, memory_at = 96, states = 6 };
typedef struct { uint8_t byte[state_bytes] __attribute__((aligned(16))); } State;

#if defined(__i386__)
#define WORD 4
#define FLAGS 0x8c5u
#define VECTORS 48
#define TRAMPOLINE(n, text)                                                                              \
  asm(".text\n t_" #n ": push %ebx\n push %ebp\n push %edi\n push %esi\n mov 20(%esp), %ebp\n"           \
      "lea 96(%ebp), %edi\n movdqu 48(%ebp), %xmm0\n movdqu 64(%ebp), %xmm1\n movdqu 80(%ebp), %xmm2\n"  \
      "mov (%ebp), %eax\n mov 8(%ebp), %ebx\n mov 16(%ebp), %ecx\n mov 24(%ebp), %edx\n push 32(%ebp)\n popf\n" \
      "i_" #n ": " text "\n e_" #n ":\n pushf\n pop 32(%ebp)\n mov %eax, (%ebp)\n mov %ebx, 8(%ebp)\n"   \
      "mov %ecx, 16(%ebp)\n mov %edx, 24(%ebp)\n movdqu %xmm0, 48(%ebp)\n movdqu %xmm1, 64(%ebp)\n"      \
      "movdqu %xmm2, 80(%ebp)\n pop %esi\n pop %edi\n pop %ebp\n pop %ebx\n ret\n");
#define CORPUS(X)                                                                                             \
  X(1, "mov %ebx, %eax") X(2, "mov %bl, %al") X(3, "mov %bh, %al") X(4, "movzbl %bl, %eax") X(5, "movsbl %bl, %eax") \
  X(6, "movzwl %bx, %eax") X(7, "add %ebx, %eax") X(8, "add %bl, %al") X(9, "sub %ebx, %eax") X(10, "adc %ebx, %eax") \
  X(11, "sbb %ebx, %eax") X(12, "and %ebx, %eax") X(13, "or %ebx, %eax") X(14, "xor %ebx, %eax") X(15, "xor %eax, %eax") \
  X(16, "and $0xff00, %eax") X(17, "or $0xff, %eax") X(18, "xor $0x5a, %al") X(19, "not %eax") X(20, "neg %eax")  \
  X(21, "inc %eax") X(22, "dec %ecx") X(23, "cmp %ebx, %eax") X(24, "cmp $0x45, %al") X(25, "test %ebx, %eax")    \
  X(26, "lea (%eax,%ebx,4), %ecx") X(27, "imul %ebx, %eax") X(28, "mul %ebx") X(29, "imul $33, %eax, %ecx")      \
  X(30, "shl $8, %eax") X(31, "shl $3, %eax") X(32, "shr $16, %eax") X(33, "sar $9, %eax") X(34, "shl %cl, %eax") \
  X(35, "shr %cl, %eax") X(36, "rol $8, %eax") X(37, "ror $3, %eax") X(38, "shld $4, %ebx, %eax") X(39, "bswap %eax") \
  X(40, "xchg %ebx, %eax") X(41, "xadd %ebx, %eax") X(42, "cmpxchg %ebx, %ecx") X(43, "cwtl") X(44, "cltd")      \
  X(45, "bt $5, %eax") X(46, "bts %ebx, %eax") X(47, "sete %al") X(48, "setb %al") X(49, "setg %cl")             \
  X(50, "cmove %ebx, %eax") X(51, "cmovl %ebx, %eax") X(52, "mov (%edi), %eax") X(53, "mov %eax, 8(%edi)")       \
  X(54, "mov %al, 3(%edi)") X(55, "add (%edi), %eax") X(56, "add %eax, (%edi)") X(57, "xorb $0x5a, 2(%edi)")     \
  X(58, "incl 4(%edi)") X(59, "movzbl 5(%edi), %eax") X(60, "cmpb $7, (%edi)") X(61, "xchg %eax, (%edi)")        \
  X(62, "cmpxchg %ebx, (%edi)") X(63, "movdqa %xmm1, %xmm0") X(64, "movd %eax, %xmm0") X(65, "movdqu (%edi), %xmm0") \
  X(66, "movdqu %xmm0, 16(%edi)") X(67, "pxor %xmm1, %xmm0") X(68, "pand %xmm1, %xmm0") X(69, "paddb %xmm1, %xmm0") \
  X(70, "paddd %xmm1, %xmm0") X(71, "pcmpeqb %xmm1, %xmm0") X(72, "pmovmskb %xmm1, %eax") X(73, "punpcklbw %xmm1, %xmm0") \
  X(74, "pshufd $0x1b, %xmm1, %xmm0") X(75, "packuswb %xmm1, %xmm0") X(76, "pslldq $3, %xmm0") X(77, "psrld $8, %xmm0") \
  X(78, "pmullw %xmm1, %xmm0") X(79, "pshufb %xmm1, %xmm0") X(80, "palignr $5, %xmm1, %xmm0")
static uint32_t defined_flags(const char* text) {  // what an instruction leaves undefined says nothing
  if (strstr(text, "mul ") && text[0] != 'p') return 0x801;
  if (!strncmp(text, "bt", 2)) return 1;
  if (!strncmp(text, "sh", 2) || !strncmp(text, "sar", 3)) return FLAGS & ~0x800u;
  if (!strncmp(text, "ro", 2)) return FLAGS & ~0x800u;
  return FLAGS;
}
#elif defined(__aarch64__)
#define WORD 8
#define FLAGS 0xf0000000u
#define VECTORS 48
#define TRAMPOLINE(n, text)                                                                                \
  asm(".text\n t_" #n ": mov x9, x0\n ldp x1, x2, [x9]\n ldp x3, x4, [x9, 16]\n ldr x6, [x9, 32]\n"        \
      "msr nzcv, x6\n add x5, x9, 96\n ldp q0, q1, [x9, 48]\n ldr q2, [x9, 80]\n i_" #n ": " text "\n"     \
      "e_" #n ": mrs x6, nzcv\n str x6, [x9, 32]\n stp x1, x2, [x9]\n stp x3, x4, [x9, 16]\n"              \
      "stp q0, q1, [x9, 48]\n str q2, [x9, 80]\n ret\n");
#define CORPUS(X)                                                                                            \
  X(1, "mov x1, x2") X(2, "mov w1, w2") X(3, "add x1, x2, x3") X(4, "add w1, w2, w3, lsl 3") X(5, "adds x1, x2, x3") \
  X(6, "sub x1, x2, x3") X(7, "subs w1, w2, w3") X(8, "adc x1, x2, x3") X(9, "sbcs w1, w2, w3") X(10, "and x1, x2, x3") \
  X(11, "ands w1, w2, 0xff") X(12, "orr x1, x2, x3") X(13, "eor x1, x2, x3") X(14, "eor w1, w2, 0xff00") X(15, "bic x1, x2, x3") \
  X(16, "orn w1, w2, w3") X(17, "mvn x1, x2") X(18, "neg x1, x2") X(19, "cmp x1, x2") X(20, "cmn w1, w2") X(21, "tst x1, x2") \
  X(22, "lsl x1, x2, 8") X(23, "lsr w1, w2, 5") X(24, "asr x1, x2, 9") X(25, "ror w1, w2, 3") X(26, "lsl x1, x2, x3") \
  X(27, "lsr w1, w2, w3") X(28, "asr x1, x2, x3") X(29, "mul x1, x2, x3") X(30, "madd w1, w2, w3, w4") X(31, "umulh x1, x2, x3") \
  X(32, "smull x1, w2, w3") X(33, "udiv x1, x2, x3") X(34, "uxtb w1, w2") X(35, "sxtb x1, w2") X(36, "uxth w1, w2") \
  X(37, "sxtw x1, w2") X(38, "ubfx x1, x2, 8, 16") X(39, "sbfx w1, w2, 4, 9") X(40, "bfi x1, x2, 16, 8") X(41, "bfxil w1, w2, 3, 7") \
  X(42, "extr x1, x2, x3, 16") X(43, "rev x1, x2") X(44, "rev w1, w2") X(45, "rev16 w1, w2") X(46, "rbit w1, w2")  \
  X(47, "clz x1, x2") X(48, "csel x1, x2, x3, eq") X(49, "csinc w1, w2, w3, lt") X(50, "cset w1, cs") X(51, "ccmp x1, x2, 0, eq") \
  X(52, "movk x1, 0x1234, lsl 16") X(53, "ldr x1, [x5]") X(54, "ldr w1, [x5, 4]") X(55, "ldrb w1, [x5, 3]") X(56, "ldrsb x1, [x5, 2]") \
  X(57, "ldrh w1, [x5, 6]") X(58, "ldrsw x1, [x5, 8]") X(59, "ldp x1, x2, [x5]") X(60, "str x1, [x5, 8]") X(61, "strb w1, [x5, 3]") \
  X(62, "strh w1, [x5, 6]") X(63, "stp x1, x2, [x5, 16]") X(64, "str w1, [x5], 4") X(65, "ldr x1, [x5, 8]!") X(66, "ldr q0, [x5]") \
  X(67, "str q0, [x5, 16]") X(68, "eor v0.16b, v1.16b, v2.16b") X(69, "add v0.4s, v1.4s, v2.4s") X(70, "add v0.16b, v1.16b, v2.16b") \
  X(71, "cmeq v0.16b, v1.16b, v2.16b") X(72, "zip1 v0.8h, v1.8h, v2.8h") X(73, "uzp2 v0.16b, v1.16b, v2.16b") X(74, "ext v0.16b, v1.16b, v2.16b, 5") \
  X(75, "dup v0.4s, w1") X(76, "umov w1, v0.b[3]") X(77, "ins v0.s[1], w2") X(78, "tbl v0.16b, {v1.16b}, v2.16b") \
  X(79, "umaxp v0.16b, v1.16b, v2.16b") X(80, "fmov x1, d1") X(81, "shl v0.4s, v1.4s, 5") X(82, "ushr v0.2d, v1.2d, 8") \
  X(83, "rev64 v0.16b, v1.16b") X(84, "xtn v0.8b, v1.8h") X(85, "uxtl v0.8h, v1.8b") X(86, "and v0.16b, v1.16b, v2.16b") \
  X(87, "shrn v0.8b, v1.8h, 4") X(88, "csneg x1, x2, x3, gt") X(89, "cinc w1, w2, mi") X(90, "sxth x1, w2")
static uint32_t defined_flags(const char* text) { return (void)text, FLAGS; }
#elif defined(__arm__)
#define WORD 4
#define FLAGS 0xf0000000u
#define VECTORS 48
#define TRAMPOLINE(n, text)                                                                                   \
  asm(".text\n .arm\n .align 2\n t_" #n ": push {r4, r5, r6, r9, r10, lr}\n mov r9, r0\n ldr r1, [r9]\n ldr r2, [r9, #8]\n" \
      "ldr r3, [r9, #16]\n ldr r4, [r9, #24]\n ldr r6, [r9, #32]\n add r5, r9, #48\n vld1.8 {q0, q1}, [r5]!\n"    \
      "vld1.8 {q2}, [r5]!\n msr APSR_nzcvq, r6\n i_" #n ": " text "\n e_" #n ": mrs r6, APSR\n str r6, [r9, #32]\n" \
      "str r1, [r9]\n str r2, [r9, #8]\n str r3, [r9, #16]\n str r4, [r9, #24]\n add r5, r9, #48\n"              \
      "vst1.8 {q0, q1}, [r5]!\n vst1.8 {q2}, [r5]\n pop {r4, r5, r6, r9, r10, pc}\n");
#define CORPUS(X)                                                                                              \
  X(1, "mov r1, r2") X(2, "mvn r1, r2") X(3, "add r1, r2, r3") X(4, "add r1, r2, r3, lsl #3") X(5, "adds r1, r2, r3") \
  X(6, "sub r1, r2, r3") X(7, "subs r1, r2, r3") X(8, "rsb r1, r2, #0") X(9, "adc r1, r2, r3") X(10, "sbcs r1, r2, r3") \
  X(11, "and r1, r2, r3") X(12, "ands r1, r2, #0xff") X(13, "orr r1, r2, r3") X(14, "eor r1, r2, r3") X(15, "bic r1, r2, #0xff00") \
  X(16, "cmp r1, r2") X(17, "cmn r1, r2") X(18, "tst r1, r2") X(19, "teq r1, r2") X(20, "lsl r1, r2, #8") X(21, "lsr r1, r2, #5") \
  X(22, "asr r1, r2, #9") X(23, "ror r1, r2, #3") X(24, "lsl r1, r2, r3") X(25, "lsrs r1, r2, r3") X(26, "asr r1, r2, r3") \
  X(27, "rrx r1, r2") X(28, "mul r1, r2, r3") X(29, "mla r1, r2, r3, r4") X(30, "umull r1, r2, r3, r4") X(31, "smull r1, r2, r3, r4") \
  X(32, "uxtb r1, r2") X(33, "sxtb r1, r2") X(34, "uxth r1, r2") X(35, "sxth r1, r2") X(36, "uxtab r1, r2, r3") X(37, "rev r1, r2") \
  X(38, "rev16 r1, r2") X(39, "rbit r1, r2") X(40, "clz r1, r2") X(41, "ubfx r1, r2, #8, #12") X(42, "sbfx r1, r2, #4, #9") \
  X(43, "bfi r1, r2, #16, #8") X(44, "bfc r1, #8, #8") X(45, "pkhbt r1, r2, r3, lsl #4") X(46, "movt r1, #0x1234") \
  X(47, "moveq r1, r2") X(48, "addne r1, r2, r3") X(49, "movlt r1, r2") X(50, "ldr r1, [r5]") X(51, "ldrb r1, [r5, #3]") \
  X(52, "ldrsb r1, [r5, #2]") X(53, "ldrh r1, [r5, #6]") X(54, "ldrsh r1, [r5, #4]") X(55, "ldrd r2, r3, [r5]") X(56, "str r1, [r5, #8]") \
  X(57, "strb r1, [r5, #3]") X(58, "strh r1, [r5, #6]") X(59, "ldr r1, [r5], #4") X(60, "str r1, [r5, #4]!") X(61, "ldmia r5, {r1, r2, r3}") \
  X(62, "stmia r5, {r1, r2, r3}") X(63, "veor q0, q1, q2") X(64, "vadd.i32 q0, q1, q2") X(65, "vadd.i8 q0, q1, q2") \
  X(66, "vceq.i8 q0, q1, q2") X(67, "vmov r1, s0") X(68, "vmov s1, r2") X(69, "vmov.u8 r1, d0[3]") X(70, "vdup.32 q0, r1") \
  X(71, "vld1.8 {q0}, [r5]") X(72, "vst1.8 {q0}, [r5]") X(73, "vrev64.8 q0, q1") X(74, "vext.8 q0, q1, q2, #5") X(75, "vand q0, q1, q2") \
  X(76, "vshl.i32 q0, q1, #5") X(77, "vmovn.i16 d0, q1") X(78, "vmovl.u8 q0, d2") X(79, "vmov d0, r1, r2") X(80, "uadd8 r1, r2, r3") \
  X(81, "sel r1, r2, r3") X(82, "ssat r1, #8, r2") X(83, "smlabb r1, r2, r3, r4") X(84, "rsc r1, r2, r3") X(85, "cmpeq r1, r2")
static uint32_t defined_flags(const char* text) { return (void)text, FLAGS; }
#elif defined(__mips__)
#define WORD 4
#define FLAGS 0xffffffffu
#define VECTORS 0
#define TRAMPOLINE(n, text)                                                                                    \
  asm(".text\n .set noreorder\n .set noat\n .align 2\n t_" #n ": lw $8, 0($4)\n lw $9, 8($4)\n lw $10, 16($4)\n"   \
      "lw $11, 24($4)\n lw $13, 32($4)\n mtlo $13\n lw $13, 36($4)\n mthi $13\n addiu $12, $4, 96\n nop\n"         \
      "i_" #n ": " text "\n e_" #n ": nop\n nop\n mflo $13\n mfhi $14\n sw $13, 32($4)\n sw $14, 36($4)\n sw $8, 0($4)\n"  \
      "sw $9, 8($4)\n sw $10, 16($4)\n jr $31\n sw $11, 24($4)\n .set reorder\n .set at\n");
#define CORPUS(X)                                                                                              \
  X(1, "move $8, $9") X(2, "addu $8, $9, $10") X(3, "addiu $8, $9, 77") X(4, "subu $8, $9, $10") X(5, "and $8, $9, $10") \
  X(6, "andi $8, $9, 0xff") X(7, "or $8, $9, $10") X(8, "ori $8, $9, 0xff") X(9, "xor $8, $9, $10") X(10, "xori $8, $9, 0x5a") \
  X(11, "nor $8, $9, $10") X(12, "lui $8, 0x1234") X(13, "sll $8, $9, 8") X(14, "sll $8, $9, 3") X(15, "srl $8, $9, 5") \
  X(16, "sra $8, $9, 9") X(17, "sllv $8, $9, $10") X(18, "srlv $8, $9, $10") X(19, "srav $8, $9, $10") X(20, "rotr $8, $9, 3") \
  X(21, "slt $8, $9, $10") X(22, "sltu $8, $9, $10") X(23, "slti $8, $9, 5") X(24, "sltiu $8, $9, 7") X(25, "mult $9, $10") \
  X(26, "multu $9, $10") X(27, "madd $9, $10") X(28, "mul $8, $9, $10") X(29, "mflo $8") X(30, "mfhi $8") X(31, "mtlo $8") \
  X(32, "movn $8, $9, $10") X(33, "movz $8, $9, $10") X(34, "seb $8, $9") X(35, "seh $8, $9") X(36, "wsbh $8, $9") \
  X(37, "ext $8, $9, 8, 12") X(38, "ins $8, $9, 16, 8") X(39, "clz $8, $9") X(40, "lw $8, 0($12)") X(41, "lb $8, 3($12)") \
  X(42, "lbu $8, 5($12)") X(43, "lh $8, 6($12)") X(44, "lhu $8, 4($12)") X(45, "sw $8, 8($12)") X(46, "sb $8, 3($12)") \
  X(47, "sh $8, 6($12)") X(48, "lwl $8, 5($12)") X(49, "lwr $8, 2($12)") X(50, "swl $8, 5($12)") X(51, "swr $8, 2($12)") \
  X(52, "divu $0, $9, $10")
static uint32_t defined_flags(const char* text) { return (void)text, FLAGS; }
#endif

typedef void (*Trampoline)(State*);
#define DECLARE(n, text) TRAMPOLINE(n, text) extern void t_##n(State*); extern const uint8_t i_##n[], e_##n[];
CORPUS(DECLARE)
#define ROW(n, text) {text, t_##n, i_##n, e_##n},
static const struct { const char* text; Trampoline run; const uint8_t *code, *end; } rows[] = {CORPUS(ROW)};

static uint64_t seed = 7;
static uint8_t random_byte(void) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return (uint8_t)(seed >> 24);
}
static int tracked(int byte) {
  if (byte < 32) return byte % 8 < WORD;
#if defined(__mips__)
  if (byte < 40) return 1;
#else
  if (byte < 36) return 1;
#endif
  return (byte >= vectors_at && byte < vectors_at + VECTORS) || byte >= memory_at;
}
static State run(int row, const State* input) {
  State state = *input;
#if !defined(__mips__)
  uint32_t flags;
  memcpy(&flags, state.byte + flags_at, 4);
  flags &= FLAGS;
#if defined(__i386__)
  flags |= 0x202;
#endif
  memcpy(state.byte + flags_at, &flags, 4);
  memset(state.byte + flags_at + 4, 0, 4);
#endif
  rows[row].run(&state);
#if !defined(__mips__)
  memcpy(&flags, state.byte + flags_at, 4);
  flags &= defined_flags(rows[row].text);
  memcpy(state.byte + flags_at, &flags, 4);
#endif
  return state;
}
// All flags count as one byte; MIPS has LO and HI there, bytes like others.
static int place(int byte) {
#if defined(__mips__)
  return byte;
#else
  return byte / 8 == flags_at / 8 ? flags_at : byte;
#endif
}

int main(void) {
  for (int row = 0; row < (int)(sizeof rows / sizeof rows[0]); ++row) {
    static uint8_t found[state_bytes][state_bytes / 8];
    memset(found, 0, sizeof found);
    for (int n = 0; n < states; ++n) {
      State input;
      for (int i = 0; i < state_bytes; ++i) input.byte[i] = random_byte();
      if (n == 0) memcpy(input.byte + 8, input.byte, 8);  // equal operands: compares come out even
      if (n == 1) memcpy(input.byte + 16, input.byte + 8, 8);
      input.byte[16] %= 64;
      const State before = run(row, &input);
      for (int bit = 0; bit < state_bytes * 8; ++bit) {
        if (!tracked(bit / 8)) continue;
        State flipped = input;
        flipped.byte[bit / 8] ^= (uint8_t)(1u << bit % 8);
        const State after = run(row, &flipped);
        for (int o = 0; o < state_bytes; ++o)
          if (tracked(o) && after.byte[o] != before.byte[o]) found[place(o)][place(bit / 8) / 8] |= (uint8_t)(1u << place(bit / 8) % 8);
      }
    }
    printf("%s\t", rows[row].text);
    for (const uint8_t* at = rows[row].code; at < rows[row].end; ++at) printf("%02x", *at);
    printf("\t");
    for (int o = 0; o < state_bytes; ++o)
      for (int i = 0; i < state_bytes / 8; ++i) printf("%02x", found[o][i]);
    printf("\n");
  }
  return 0;
}
