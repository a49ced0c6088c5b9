/* Ed25519 keys through OpenSSL. A private key is stored as PKCS#8, encrypted with AES-256-CBC under a key
 * that scrypt makes of the passphrase (N = 2^14, r = 8, p = 5: 16 MiB, as OWASP recommends for that memory;
 * OpenSSL reads it back with its default limit of 32 MiB). */
#include "base/file.h"
#include "govern/grants.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRYPT_N = 1 << 14, SCRYPT_R = 8, SCRYPT_P = 5, FILE_MAX = 64 << 10 };

static vouch_status openssl_failed(vouch_ctx *ctx, const char *what)
{
    ERR_clear_error();
    return vouch__fail(ctx, VOUCH_E_UNAVAILABLE, "key: OpenSSL could not %s", what);
}

vouch_status vouch__key_id(vouch_ctx *ctx, const uint8_t public_key[VOUCH__KEY_PUBLIC],
                           char out[VOUCH__KEY_ID])
{
    uint8_t hash[VOUCH__HASH];
    vouch_status status = vouch__hash(ctx, public_key, VOUCH__KEY_PUBLIC, hash);
    if (!status)
        vouch__hex(hash, (VOUCH__KEY_ID - 1) / 2, out);
    return status;
}

/* The raw public key of an Ed25519 key; E_FORMAT for any other. */
static vouch_status public_of(vouch_ctx *ctx, const EVP_PKEY *pkey, const char *path,
                              uint8_t out[VOUCH__KEY_PUBLIC])
{
    size_t len = VOUCH__KEY_PUBLIC;
    if (EVP_PKEY_id(pkey) != EVP_PKEY_ED25519)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "key %s: is not an Ed25519 key", path);
    if (EVP_PKEY_get_raw_public_key(pkey, out, &len) != 1 || len != VOUCH__KEY_PUBLIC)
        return openssl_failed(ctx, "give the public key");
    return VOUCH_OK;
}

/* OpenSSL would otherwise ask a terminal for the passphrase of an old-style encrypted file. */
static int no_prompt(char *buf, int size, int rwflag, void *user)
{
    (void)rwflag, (void)user;
    if (size > 0)
        buf[0] = '\0';
    return -1;
}

static X509_SIG *encrypt_key(EVP_PKEY *pkey, const char *passphrase)
{
    X509_SIG *sealed = NULL;
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    X509_ALGOR *pbe = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
    if (info && pbe)
        sealed = PKCS8_set0_pbe(passphrase, (int)strlen(passphrase), info, pbe);
    if (!sealed)
        X509_ALGOR_free(pbe); /* taken on success only */
    PKCS8_PRIV_KEY_INFO_free(info);
    return sealed;
}

static vouch_status write_all(vouch_ctx *ctx, int fd, const char *path, const char *at, size_t len)
{
    while (len) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return vouch__fail(ctx, VOUCH_E_IO, "key %s: cannot be written: %s", path, strerror(errno));
        at += n;
        len -= (size_t)n;
    }
    if (fsync(fd))
        return vouch__fail(ctx, VOUCH_E_IO, "key %s: cannot be synced: %s", path, strerror(errno));
    return VOUCH_OK;
}

static void sync_folder(vouch_ctx *ctx, const char *path)
{
    char *folder = vouch__path_folder(ctx, path);
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)fsync(fd); /* the key itself is synced; its name is repeated easily */
        (void)close(fd);
    }
    vouch__free(vouch__allocator(ctx), folder);
}

/* A file that appears whole, with mode 0600, and only where there was none: a hard link of a finished
 * temporary refuses an existing name, which rename would replace. */
static vouch_status write_private(vouch_ctx *ctx, const char *path, const char *text, size_t len)
{
    vouch__buf temporary;
    vouch__buf_init(ctx, &temporary, 0);
    vouch__buf_fmt(&temporary, "%s.%ld.tmp", path, (long)getpid());
    vouch_status status = vouch__buf_status(ctx, &temporary);
    if (status)
        goto done;
    int fd = open(temporary.at, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) {
        status = vouch__fail(ctx, VOUCH_E_IO, "key %s: cannot be made: %s", path, strerror(errno));
        goto done;
    }
    status = write_all(ctx, fd, path, text, len);
    if (close(fd) && !status)
        status = vouch__fail(ctx, VOUCH_E_IO, "key %s: cannot be written: %s", path, strerror(errno));
    if (!status && link(temporary.at, path)) {
        if (errno == EEXIST)
            status = vouch__fail(ctx, VOUCH_E_CONFLICT, "key %s: is there already", path);
        else
            status = vouch__fail(ctx, VOUCH_E_IO, "key %s: cannot be made: %s", path, strerror(errno));
    }
    (void)unlink(temporary.at);
    if (!status)
        sync_folder(ctx, path);
done:
    vouch__buf_free(&temporary);
    return status;
}

/* The public file first: a process killed in between leaves what the next attempt replaces. */
static vouch_status write_pair(vouch_ctx *ctx, const char *path, BIO *private_pem, BIO *public_pem)
{
    vouch__buf name;
    char *text = NULL;
    long len = BIO_get_mem_data(public_pem, &text);
    vouch__buf_init(ctx, &name, 0);
    vouch__buf_fmt(&name, "%s.pub", path);
    vouch_status status = vouch__buf_status(ctx, &name);
    if (!status)
        status = vouch__file_write(ctx, name.at, text, (size_t)len, 0644);
    if (!status) {
        len = BIO_get_mem_data(private_pem, &text);
        status = write_private(ctx, path, text, (size_t)len);
    }
    vouch__buf_free(&name);
    return status;
}

vouch_status vouch_key_new(vouch_ctx *ctx, const char *path, const char *passphrase)
{
    vouch_status status = VOUCH_OK;
    EVP_PKEY *pkey = NULL;
    X509_SIG *sealed = NULL;
    BIO *private_pem = NULL, *public_pem = NULL;

    if (!*passphrase || strlen(passphrase) > 1024)
        return vouch__fail(ctx, VOUCH_E_ARG, "key %s: the passphrase must be of 1 to 1,024 bytes", path);
    if (vouch__file_exists(path))
        return vouch__fail(ctx, VOUCH_E_CONFLICT, "key %s: is there already", path);

    pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    sealed = pkey ? encrypt_key(pkey, passphrase) : NULL;
    private_pem = BIO_new(BIO_s_mem());
    public_pem = BIO_new(BIO_s_mem());
    if (!sealed || !private_pem || !public_pem || PEM_write_bio_PKCS8(private_pem, sealed) != 1 ||
        PEM_write_bio_PUBKEY(public_pem, pkey) != 1) {
        status = openssl_failed(ctx, "make a key");
        goto done;
    }
    status = write_pair(ctx, path, private_pem, public_pem);
done:
    (void)BIO_free(public_pem);
    (void)BIO_free(private_pem);
    X509_SIG_free(sealed);
    EVP_PKEY_free(pkey); /* wipes */
    return status;
}

static vouch_status decrypt_key(vouch_ctx *ctx, const char *path, const char *pem, size_t len,
                                const char *passphrase, EVP_PKEY **out_pkey)
{
    vouch_status status = VOUCH_OK;
    X509_SIG *sealed = NULL;
    PKCS8_PRIV_KEY_INFO *info = NULL;
    BIO *bio = BIO_new_mem_buf(pem, (int)len);
    if (!bio)
        return vouch__oom(ctx);
    sealed = PEM_read_bio_PKCS8(bio, NULL, no_prompt, NULL);
    if (!sealed) {
        status = vouch__fail(ctx, VOUCH_E_FORMAT, "key %s: is not an encrypted PKCS#8 private key", path);
        goto done;
    }
    info = PKCS8_decrypt(sealed, passphrase, (int)strlen(passphrase));
    if (!info) {
        status = vouch__fail(ctx, VOUCH_E_DENIED, "key %s: the passphrase is wrong", path);
        goto done;
    }
    *out_pkey = EVP_PKCS82PKEY(info);
    if (!*out_pkey)
        status = vouch__fail(ctx, VOUCH_E_FORMAT, "key %s: is not a private key", path);
done:
    ERR_clear_error();
    PKCS8_PRIV_KEY_INFO_free(info);
    X509_SIG_free(sealed);
    (void)BIO_free(bio);
    return status;
}

static void warn_if_open(vouch_ctx *ctx, const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & 077))
        vouch__note(ctx, VOUCH_LOG_WARNING, "key %s: mode is %04o, others can read it; 0600 is enough", path,
                    (unsigned)(st.st_mode & 07777));
}

vouch_status vouch_key_open(vouch_ctx *ctx, const char *path, const char *passphrase, vouch_key **out_key)
{
    vouch__buf pem;
    vouch_key *key = NULL;
    EVP_PKEY *pkey = NULL;
    vouch__buf_init(ctx, &pem, FILE_MAX);
    vouch_status status = vouch__file_read(ctx, path, FILE_MAX, &pem);
    if (status)
        goto done;
    warn_if_open(ctx, path);
    status = decrypt_key(ctx, path, pem.at, pem.len, passphrase, &pkey);
    if (status)
        goto done;
    key = vouch__alloc(ctx, 1, sizeof *key);
    if (!key) {
        status = vouch__oom(ctx);
        goto done;
    }
    key->alloc = *vouch__allocator(ctx);
    status = public_of(ctx, pkey, path, key->public_key);
    if (!status)
        status = vouch__key_id(ctx, key->public_key, key->id);
    if (status)
        goto done;
    key->pkey = pkey;
    pkey = NULL;
    *out_key = key;
    key = NULL;
done:
    vouch_key_free(key);
    EVP_PKEY_free(pkey);
    vouch__buf_free(&pem);
    return status;
}

void vouch_key_free(vouch_key *key)
{
    if (!key)
        return;
    vouch_alloc alloc = key->alloc;
    EVP_PKEY_free(key->pkey); /* wipes */
    vouch__free(&alloc, key);
}

const char *vouch_key_id(const vouch_key *key) { return key->id; }

vouch_status vouch__key_public(vouch_ctx *ctx, const char *path, uint8_t out[VOUCH__KEY_PUBLIC])
{
    vouch__buf pem;
    BIO *bio = NULL;
    EVP_PKEY *pkey = NULL;
    vouch__buf_init(ctx, &pem, FILE_MAX);
    vouch_status status = vouch__file_read(ctx, path, FILE_MAX, &pem);
    if (status)
        goto done;
    bio = BIO_new_mem_buf(pem.at, (int)pem.len);
    if (bio)
        pkey = PEM_read_bio_PUBKEY(bio, NULL, no_prompt, NULL);
    if (!pkey) {
        status = vouch__fail(ctx, VOUCH_E_FORMAT, "key %s: is not a public key in PEM", path);
        goto done;
    }
    status = public_of(ctx, pkey, path, out);
done:
    ERR_clear_error();
    EVP_PKEY_free(pkey);
    (void)BIO_free(bio);
    vouch__buf_free(&pem);
    return status;
}

vouch_status vouch__key_sign(vouch_ctx *ctx, const vouch_key *key, const uint8_t hash[VOUCH__HASH],
                             uint8_t out[VOUCH__SIGNATURE])
{
    size_t len = VOUCH__SIGNATURE;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool done = md && EVP_DigestSignInit(md, NULL, NULL, NULL, key->pkey) == 1 &&
                EVP_DigestSign(md, out, &len, hash, VOUCH__HASH) == 1 && len == VOUCH__SIGNATURE;
    EVP_MD_CTX_free(md);
    return done ? VOUCH_OK : openssl_failed(ctx, "sign");
}

vouch_status vouch__key_check(vouch_ctx *ctx, const uint8_t public_key[VOUCH__KEY_PUBLIC],
                              const uint8_t hash[VOUCH__HASH], const uint8_t signature[VOUCH__SIGNATURE],
                              bool *out_good)
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, VOUCH__KEY_PUBLIC);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ready = pkey && md && EVP_DigestVerifyInit(md, NULL, NULL, NULL, pkey) == 1;
    if (ready)
        *out_good = EVP_DigestVerify(md, signature, VOUCH__SIGNATURE, hash, VOUCH__HASH) == 1;
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return ready ? VOUCH_OK : openssl_failed(ctx, "check a signature");
}
