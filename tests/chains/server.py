"""Many small sites on loopback: an address a site, one thread for all."""
import asyncio
import threading


class Answer:
    def __init__(self, body=b"", status=200, headers=(), only_for=None, otherwise=b""):
        self.body, self.status, self.headers = body, status, list(headers)
        self.only_for = only_for    # a word of the User-Agent that is answered so; others get `otherwise`
        self.otherwise = otherwise


class Sites:
    """`origins` are http://127.0.0.N:PORT; `answers` by URL may be filled while they run."""

    def __init__(self, count, network="127.0.1"):
        self.answers, self.origins = {}, []
        self._network = network
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._run, args=(count, ready), daemon=True).start()
        ready.wait()

    def _run(self, count, ready):
        asyncio.set_event_loop(self._loop)
        for number in range(count):
            address = f"{self._network}.{number + 1}"
            server = self._loop.run_until_complete(asyncio.start_server(self._client, address, 0))
            self.origins.append(f"http://{address}:{server.sockets[0].getsockname()[1]}")
        ready.set()
        self._loop.run_forever()

    async def _client(self, reader, writer):
        address, port = writer.get_extra_info("sockname")[:2]
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, target, _ = head.split("\r\n", 1)[0].split(" ", 2)
                fields = {k.strip().lower(): v.strip() for k, _, v in
                          (line.partition(":") for line in head.split("\r\n")[1:])}
                if length := int(fields.get("content-length", 0)):
                    await reader.readexactly(length)
                answer = self.answer(f"http://{address}:{port}", target)
                writer.write(self._bytes(answer, fields.get("user-agent", "")))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    def answer(self, origin, target):
        return self.answers.get(origin + target)

    @staticmethod
    def _bytes(answer, agent):
        if answer is None:
            return b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nnone"
        if answer.only_for and answer.only_for not in agent:
            answer = Answer(answer.otherwise, 200, [("Content-Type", "text/html")])
        lines = [f"HTTP/1.1 {answer.status} X", f"Content-Length: {len(answer.body)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + answer.body
