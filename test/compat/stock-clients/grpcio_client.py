"""Calls a member through grpcio, with messages as the bytes that they are: TARGET CA_FILE|- PUT WATCH BAD (hex).

Prints one JSON object: what each call answered, in hex.
"""

import json
import queue
import sys

import grpc

TIMEOUT_SECONDS = 60


def same(data):
    return data


def main(target, ca_file, put, watch, bad):
    if ca_file == "-":
        channel = grpc.insecure_channel(target)
    else:
        with open(ca_file, "rb") as file:
            channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(file.read()))
    unary = channel.unary_unary(
        "/etcdserverpb.KV/Put", request_serializer=same, response_deserializer=same
    )
    stream = channel.stream_stream(
        "/etcdserverpb.Watch/Watch", request_serializer=same, response_deserializer=same
    )
    requests = queue.Queue()
    requests.put(watch)
    responses = stream(iter(requests.get, None), timeout=TIMEOUT_SECONDS)
    seen = {"created": next(responses).hex()}
    seen["put"] = unary(put, timeout=TIMEOUT_SECONDS).hex()
    seen["event"] = next(responses).hex()
    seen["gzipped"] = unary(
        put, timeout=TIMEOUT_SECONDS, compression=grpc.Compression.Gzip
    ).hex()
    seen["event of gzipped"] = next(responses).hex()
    try:
        unary(bad, timeout=TIMEOUT_SECONDS)
    except grpc.RpcError as error:
        seen["error"] = [error.code().value[0], error.details()]
    responses.cancel()
    seen["status"] = responses.code().value[0]
    requests.put(None)
    channel.close()
    print(json.dumps(seen))


main(sys.argv[1], sys.argv[2], *(bytes.fromhex(text) for text in sys.argv[3:]))
