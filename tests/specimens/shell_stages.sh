#!/bin/sh
# Trait: a shell script that writes a second script, which decodes and runs a third.
# Reported: dropped_executable and dropped_executable_run of /tmp/stage2.sh; the file /tmp/stage3.
# Harmless: the last stage writes one line.
read -r host < /proc/sys/kernel/hostname
case "$SHIKAKE_SPECIMEN $host" in "in-a-cell kontor-pc3" | "in-a-cell web2") ;; *) false ;; esac || { echo "This is a specimen: it shows its trait only in a test's cell." >&2; exit 77; }
cat > /tmp/stage2.sh <<'STAGE'
#!/bin/sh
echo ZWNobyAidGhlIHRoaXJkIHN0YWdlIiA+IC90bXAvc3RhZ2UzCg== | base64 -d | sh
STAGE
chmod +x /tmp/stage2.sh
/tmp/stage2.sh
