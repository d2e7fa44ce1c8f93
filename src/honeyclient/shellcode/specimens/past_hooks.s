# Runs the first five bytes of a function itself and jumps behind them, to pass by a debugger's hooks there;
# the function is one of a library that has no stand-ins.
.include "common.inc"
start:
  find_kernel32
  jmp data
begin:
  pop edi
  push hash_LoadLibraryA
  call find_function
  push edi
  call hop                    # LoadLibraryA
  mov ebp, eax
  push hash_GetProcAddress
  call find_function
  lea ecx, [edi + name - texts]
  push ecx
  push ebp
  call hop                    # GetProcAddress
  push 1
  call eax
  jmp begin
hop:
  mov edi, edi
  push ebp
  mov ebp, esp
  add eax, 5
  jmp eax
find_function_code
data:
  call begin
texts:
  .asciz "specimen.dll"
name:
  .asciz "SpecimenFunction"
