import socket
for f, a in ((socket.AF_INET, ("127.0.0.1", 9)), (socket.AF_INET6, ("::1", 9))):
    s = socket.socket(f)
    try:
        s.connect(a)
    except OSError as e:
        print(e)
    print(s.getsockname() if False else "")
