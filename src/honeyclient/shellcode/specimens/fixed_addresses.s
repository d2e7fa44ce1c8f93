# Calls functions where they lay in one version of Windows (triage/machine_code.cpp), without looking for them.
.include "common.inc"
start:
  mov eax, 0x7C8623AD         # WinExec, service pack 3
  xor ecx, ecx
  push ecx
  push 0x6174
  push 0x68736d20
  mov ebx, esp
  inc ebx                     # "mshta"
  push ecx
  push ebx
  call eax
  push 0
  mov eax, 0x7C81CDDA         # ExitProcess, service pack 2
  call eax
