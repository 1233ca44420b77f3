"""A validating webhook that says no to everything, and repeats what it was asked about: a Secret, value and all."""
import http.server
import json
import ssl
import threading

from frame.processes import must, run


class Webhook:
    def __init__(self, folder):
        key, self.certificate = folder / 'webhook.key', folder / 'webhook.crt'
        must(run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=webhook',
                  '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', self.certificate]))
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trust.load_cert_chain(self.certificate, key)
        self._server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Answers)
        self._server.socket = trust.wrap_socket(self._server.socket, server_side=True)
        self.url = f'https://127.0.0.1:{self._server.server_port}/'
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers['Content-Length'])))['request']
        no = {'uid': asked['uid'], 'allowed': False, 'status': {'code': 403, 'message': f'not this one: {json.dumps(asked["object"])}'}}
        body = json.dumps({'apiVersion': 'admission.k8s.io/v1', 'kind': 'AdmissionReview', 'response': no}).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
