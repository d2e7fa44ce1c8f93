# The head of a decoder: finds itself, undoes an exclusive or over what follows, and runs it. The test
# appends the encoded code, of length_of_code bytes, and puts the length in.
.intel_syntax noprefix
start:
  jmp data
begin:
  pop esi
  mov ecx, 0x11223344         # the length
  push esi
1:
  xor byte ptr [esi], 0x5A
  inc esi
  dec ecx
  jnz 1b
  ret
data:
  call begin
