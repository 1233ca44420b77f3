/* Prints how long this workload's secret is. */
#include <vsecm/vsecm.h>

#include <stdio.h>

int main(void) {
    vsecm_client* client;
    vsecm_secret* secret;
    int status = vsecm_open(NULL, &client);
    if (status == VSECM_OK) status = vsecm_fetch(client, 10000, &secret);
    if (status == VSECM_OK) {
        printf("the secret has %zu bytes\n", vsecm_secret_size(secret));
        vsecm_secret_free(secret);
    } else {
        fprintf(stderr, "%s: %s\n", vsecm_status_name(status), vsecm_message());
    }
    vsecm_close(client);
    return status;
}
