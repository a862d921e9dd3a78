#!/bin/sh
# The main job with curl alone: a creator publishes a paid photo, a fan finds it,
# subscribes, tops up coins, buys it and opens it; a stranger gets a preview.
#
#   examples/quickstart.sh [photo.jpg]
#
# SAJIN_URL is where the server is; http://localhost:7777 unless set.
set -eu

base=${SAJIN_URL:-http://127.0.0.1:7777}
run=$(date +%s)$$
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' TERM

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
fail() { printf 'failed: %s\n' "$*" >&2; kill -TERM $$; exit 1; } # also from within $( )

# call METHOD PATH TOKEN [BODY] [HEADER]: prints the answer, fails on a problem.
call() {
	method=$1 path=$2 token=$3 body=${4:-} header=${5:-X-Quickstart: 1}
	case $path in http*) url=$path ;; *) url=$base$path ;; esac
	set -- -sS -X "$method" -H "$header" -o "$work/answer" -w '%{http_code}' "$url"
	[ -n "$token" ] && set -- "$@" -H "Authorization: Bearer $token"
	[ -n "$body" ] && set -- "$@" -H 'Content-Type: application/json' --data "$body"
	status=$(curl "$@") || fail "$method $path: no answer; is the server running?"
	case $status in 2*) cat "$work/answer" ;; *) fail "$method $path answered $status: $(cat "$work/answer")" ;; esac
}

# field NAME: the first string or number of that name in the JSON on standard input.
field() { grep -o "\"$1\":\(\"[^\"]*\"\|[0-9]*\)" | head -n 1 | sed -e 's/^[^:]*://' -e 's/"//g' -e 's/\\u0026/\&/g'; }

# until_says WORD COMMAND...: runs the command until its output has the word.
until_says() {
	word=$1
	shift
	for _ in $(seq 100); do
		"$@" >"$work/said"
		if grep -q "$word" "$work/said"; then cat "$work/said"; return; fi
		sleep 0.2
	done
	fail "waited for $word in vain: $(cat "$work/said")"
}

photo=${1:-}
if [ -z "$photo" ]; then
	photo=$work/photo.jpg
	base64 -d >"$photo" <<'PHOTO'
/9j/2wCEAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk8BDg4O
ExETJhUVJk81LTVPT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT//AABEIAUAB4AMBIgAC
EQEDEQH/xAGiAAABBQEBAQEBAQAAAAAAAAAAAQIDBAUGBwgJCgsQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQy
gZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeI
iYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+gEAAwEBAQEB
AQEBAQAAAAAAAAECAwQFBgcICQoLEQACAQIEBAMEBwUEBAABAncAAQIDEQQFITEGEkFRB2FxEyIygQgUQpGhscEJIzNS8BVictEK
FiQ04SXxFxgZGiYnKCkqNTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqCg4SFhoeIiYqSk5SVlpeYmZqio6Sl
pqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2dri4+Tl5ufo6ery8/T19vf4+fr/2gAMAwEAAhEDEQA/AN2iiivLse8FFFFF
gCiiiiwBRRRRYAoooosAUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAoooosAUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAoooosAUUUUWA
KKKKLAFFFFFgCiiiiwBRRRRYAoooosAUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAoooosAUUUUWAKKSinYQtFJRRYBaKSiiwC0UlFF
gFopKKLALRSUUWAWikoosAtFJRRYBaKSiiwC0UlFFgFopKKLALRSUUWAWikoosAtFJRRYBaKSiiwC0UlFFgFopKKLALRSUUWAWik
oosAtFJRRYBaKSiiwC0UlFFgFopKKLALRSUUWAWikoosAtFJRRYBaKSiiwC0UlFFgFopKKLALRSUUWAWikoqiRaKSigBaKSigBaK
SigBaKSigBaKSigBaKSigBaKSigBaKSigBaKSigBaKSigBaKSigBaKSigBaKSigBaKSigBaKSigBaKSigBaKSigBaKSigBaKSigB
aKSigBaKSigBaKSigBaKSigBaKSigBaKSigBaKSigBaKSigBaKSigBaKSigAooop2EFFFFFgCiiiiwBRRRRYAoooosAUUUUWAKKK
KLAFFFFFgCiiiiwBRRRRYAoooosAUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAoooosAUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAoooo
sAUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAoooosAUUUUWAKKKKqxIUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAoooosAUUUUWAKKKKL
AFFFFFgCiiiiwBRRRRYAoooosAUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAoooosAUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAoooosA
UUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAooopiCiiigAooooAKKKKACiiigAooooAKKKKACiiigAooooAKKKKACiiigAooooAKKKKA
CiiigAooooAKKKKACiiigAooooAKKKKACiiigAoqxBYzzDcFCr2LcZq6mlRjPmSs3ptGP8aCHUijKorX/suD+/J+Y/wpr6VER8kj
g++DQL20TKoq3Np88QyoEi/7PX8qqUFqSewUUUUDCiiigAooooAKKKKACiiigAooooAKKKKACiiiqsIKKKKLAFFFFFgCiiiiwBRR
RRYAoooosAUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAoooosAUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAoooosAUUUUWAUAkgAEk8AC
tazsFi2yS8ydcdh/9em6Za7VFw/Vh8ox0HrWhUtmFSp0QUUUUjEKKKKACqt3ZJcZcfLJjr2P1q1RQNNp3Rzjo0blHBDDqDTa2tQt
fPj3p99B6feHpWLVLU6YT5kFFFFOxYUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAooopiCiiigAooooAKKKKACiiigAooooAKKKKACi
iigAooooAKKKKACiiigAooooAKKKKACiiigAooooAKKKKACiiigAooooAKkt4vOnSPn5jzj071HV3SlDXZJHKqSP5f1oZMnZXNgA
AAAAAcACiiiszlCiiigAooooAKKKKACsK/hEN0ygYU/MtbtZesKA0TY5IIJ+n/66cdzSk7SM6iiirOgKKKKACiiigAooooAKKKKA
CiiigAoooqrEhRRRRYAoooosAUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAoooosAUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAoooosAU
UUUWAKKKKLAFFFFFgCr2kf8AH03+4f5iqNWtNk2XijgBwVOaTWhMtmbdFFFZHOFFFFABRRRQAUUUUAFZms/8sf8AgX9K06ydXk3T
pGMYVc/if/1CnHcqn8RQooorWx0BRRRRYAoooosAUUUUWAKKKKLAFFFFFgEoooqrCCiiiiwBRRRRYAoooosAUUUUWAKKKKLAFFFF
FgCiiiiwBRRRRYAoooosAUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAoooosAUUUUWAKKKKLAFOVijBlOCpyDTaKLAdHBKJoVkXow6e
lPrEsLr7PJhyfLbr7H1rbBBAIIIPIIrCUbM55RswooopCCiiigAooooARmCIWY4CjJNc9PKZpmkbqx6elW9SvBKfKiY7B94joxqh
WsI21NoRtqFFFFXYsKKKKLAFFFFFgCiiiiwBRRRRYAoooosAUUUU7CCiiiiwBRRRRYAoooosAUUUUWAKKKKLAFFFFFgCiiiiwBRR
RRYAoooosAUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAoopGZUUs7BVUZJJwAKLCuLRVb+0LL/n8t/+/q/41PHIkqB4nV0PRlOQadmF
0OooopWGFFFFFgCrVpevbkKctF3X0+lVaKTVxPU6GC5iuBmNwT3U9RUtczU6XlymdszHP97n+dZun2M3Dsb9FYf9oXX/AD1/8dH+
FNe9uXGDMw+nH8qPZsXIzblmjhXdK4UfzrJu9QabKRZSMjB9TVMkkkkkk8kmkqlBItRSCiiirsWFFFFFgCiiiiwBRRRRYAoooosA
UUUUWAKKKKLAFFFFMkKKKKACiiigAooooAKKKKACiiigAooooAKKKKACiiigAooooAKKKKACiiigAooooAKKKpajqdvp6fvG3Slc
pGOp/wAB/wDXppN6IG0tWXayL3xBaWzFIgbhwAcoRt/Oue1DVbq/Zg7lISeIlPGPf16d6o1vGj/Mc8q38poXOtahcHmcxLnIWL5c
fj1/WqDMzsWdizMckk5JNJRWySWxi23uFFFFMRet9Y1C3bK3LuCQSJDuBx9en4VsWfiaNgFvYijZxvj5X8uo/WuZoqHTiy41JLqe
g291Bcrut5kkGATtPIz6jtUtedxyPE4eJ2Rx0ZTgitqz8S3EZVbtFlTuyja3Xr6fhxWMqLWxtGsnudVRVGz1eyvANkwRycbJPlbJ
6fX8KvVk01ubJp7BRRRSAKKKKACiiigAooooAKKKKACiiigAooooAKKKKACiiigAooooAKK5PTPEE1viO83TRc/N1cfieo/z7V1F
vcQ3MQkgkWRD3U9PY+hrSUHEiM1LYkoooqbFBRRRRYAoooosAUUUUWAKKKKLAFFFFFgCiiiiwBRRRRYAoooosAUUUUWAKKKKLAFN
kkSJC8rqiDqzHAFZd9r9nbZWE/aJPRD8o6fxf4Zrmb3ULq+bNxKSuchBwo/D8evWtI02zOVVLY1tT8RNIGhsMqpBBlIw3/AfT69e
e1YDMzsWdizMckk5JNJRW8YqOxzyk5bhRRRVEhRRRQAUUUUAFFFFABRRRQAVbt9TvrfHlXUgAXaFY7gB7A8VUopNJ7jTa2N+HxRO
M+fbRv6bGK4/PNW4/E9qUBlgmV+4XDD88iuVoqHTiWqskdZ/wk1j/wA8rj/vlf8AGj/hJrH/AJ5XH/fK/wCNcnRR7KI/ayOml8UR
Bh5Nq7rjq7BTn8M1DL4olKjybVEbPV2LDH4Yrn6KPZx7C9rLubX/AAk19/zyt/8Avlv8aP8AhJr7/nlb/wDfLf41i0U+SPYXtJdz
fh8UTjPn20b+mxiuPzzV238S2cm0TpJCxzk43KPxHP6VydFJ04saqyR6Db3UFyu63mSQYBO08jPqO1S150rMjBkYqynIIOCDWzYe
IriDal0PPjHG7ow6fn+P51nKi+hpGsnudZRVWy1C1vlzbygtjJQ8MPw/Hr0q1WTVjVO4UUUUWGFFFFFgCiiiiwHnNTWt3cWj77aV
oyeuOh+o6HrUNFdpwnWWHiK3n2pdDyJDxu6qen5fj+dbKsrqGRgysMgg5BFedVYtr26tD/o87oM52g8E/TpWUqS6G0ar6nfUVy8P
iecZ8+2jf02MVx+eau/8JNZf88rj/vlf8azdORoqkWbdFYn/AAk1l/zyuP8Avlf8ail8URBh5Nq7rjq7BTn8M0ckg9pHudBSMyop
Z2CqoySTgAVyE3iHUJMbGjix12JnP55rNmuJ58efNJJt6b2Jx+dUqT6kuquh2Nxrmnwbh53mMuPljGc/Q9P1rLuPFDnItrZV+bhp
GzkfQYwfxrnqKtU4ozdWTNSTX9SdyyzLGD/CqDA/PJqp/aF9/wA/lx/39b/Gq1FXypEOTfUs/wBoX3/P5cf9/W/xp0ep38bh1u5i
R/ecsPyPFVKKLILs1YvEOoxsS8iSjGMOgx+mKtxeKJQp861R2z1Riox+Oa5+ik4RfQanJdTrI/Etk2wSRzITjccAhf1zj8Ks/wBu
6Z/z8/8AkNv8K4qip9lEr2sjtf7d0z/n5/8AIbf4UyTX9NRCyzNIR/CqHJ/PArjaKPZIftZHSXPidcYtLck4+9Keh+g/xrHvNUvL
0FZ5jsJzsXhf/r/jVOiqUEiHOT3CiiiqJCiiigAooooAKKKKACiiigAooooAKKKKACiiigAooooAKKKKACiiigAooooAKKKKACii
igBVZkYMjFWU5BBwQa39P8SSKyx36h1Jx5qjBH1A69un61z9FS4p7lRk47HoUFxDcxCSCRZEPdT09j6GpK8+trma0m823kKPjGR3
FdFY+JInwl6nlt/fQEr37dR29aylTa2No1U9zfoqKC4huYhJBIsiHup6ex9DUlZ2NLi0UlFAzzqiiius4gooooAKKKKACiiigAoo
ooAKKKKACiiigAooooAKKKKACiiigAooooAKKKKACiimu6p94/hQA6kJAGScCoHuCeEGPc1CzFjljk0rgWWuEH3cmozcMegAqGip
uwJPOk/vfpR50n979KjoouIlFw46gGpFuFP3gRVaii7GXlYMMqcilqiCQcg4NSrcMPvDIp3As0UxJEfoefSn1QBRRRQAUUUUAFFF
FABRSMyr94gVE1wo+6Cf0pXAmoqo07nvj6UwsW6kn60rgXqKoUoYr0JH0o5gL1FVVncdeR71MkqvxnB9DTuBJRRRTAKKKKAHRyPE
4eJ2Rx0ZTgitK31/UIcBpFlULgCRc/jkYOay6KTSe402tja/4Sa+/wCeVv8A98t/jR/wk19/zyt/++W/xrFopciHzy7iKwYZU5FL
VKNyjZH4irisHXK007ki0UUUwCiiigAooooAKKKKACiiigAooo6daACio2mRe+fpTDcDspP1NK4E9FVjcNngDFH2h/RaLoCzRVU3
Dkdh+FJ50n979KLgW6KqedJ/e/Sml2IwWJH1pXAuMyr95gKia4UdATVaii4EjTO3fH0qOiikIKKKKQBRRRQAUUUUAFFFFABRRRQA
VIszr3z9ajopgWFuB/Ep/Cn+dH/e/SqlFO4y7vT++v50hljBxuqnRRcCy1wo+6Cajadz04HtUVFK4CkknJOTSUUUhBRRRQAUUUUA
FFFFAEscxTg8j+VWVYMMqciqNOVijZWqTGXaKjjlD8HhvSpKoAooooAKKKKAKFOR2Q5Wm0VAi5HIrjjr6U+qIJU5BwRU8c4OA/B9
apMZPRR16UUwCiiigAoopjSovBOT6CgB9Nd1T7x/Cq7zu3T5RUXXrU3Ane4J4QY9zULMzfeJNJRSuAUUUUhBRRRQAUUUUAFFFFAB
RRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAdOlTxz9n/OoKKdw
L/XpRVNJGToePSrCTI3U4PvVJjJKKKKYFCiiisxBRRRQA5XZfukipBcMOoBqGincZY+0/wCx+tNNw3ZQPrUNFF2A5pHb7zGm0UUC
CiiikAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRR
QAUUUUAFFFFABRRRQAUUUUAFFFFADlkdfusaf9of0WoqKdxhRRRSEFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUU
AFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFF
FABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABR
RRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQAUUUUAFFFFABRRRQB/9k=
PHOTO
fi
size=$(wc -c <"$photo" | tr -d ' ')

step "1. A creator and a fan sign up and sign in"
for who in creator fan; do
	call POST /v1/users '' "{\"email\":\"$who$run@example.com\",\"password\":\"quick-start-$run\",\"handle\":\"${who}_$run\"}" >/dev/null
	token=$(call POST /v1/sessions '' "{\"email\":\"$who$run@example.com\",\"password\":\"quick-start-$run\"}" | field access_token)
	eval "$who=\$token"
	echo "   @${who}_$run"
done

step "2. The creator uploads a photo of $size bytes"
upload=$(call POST /v1/uploads "$creator" "{\"filename\":\"photo.jpg\",\"content_type\":\"image/jpeg\",\"size\":$size,\"purpose\":\"post\"}")
upload_id=$(echo "$upload" | field id)
media_id=$(echo "$upload" | field media_id)
part_size=$(echo "$upload" | field part_size)
number=0
echo "$upload" | grep -o '"url":"[^"]*"' | cut -d'"' -f4 | sed 's/\\u0026/\&/g' | while read -r url; do
	dd if="$photo" of="$work/part" bs="$part_size" skip="$number" count=1 2>/dev/null
	number=$((number + 1))
	curl -sS -f -o /dev/null -X PUT --data-binary "@$work/part" -H 'Content-Type: application/octet-stream' "$url" || fail "part $number was not taken"
	echo "   part $number sent"
done
call POST "/v1/uploads/$upload_id/complete" "$creator" >/dev/null
until_says '"state":"ready"' call GET "/v1/media/$media_id" "$creator" >/dev/null
echo "   the renditions are ready"

step "3. The creator publishes it for 30 coins"
post_id=$(call POST /v1/posts "$creator" "{\"caption\":\"Dawn over the hills\",\"tags\":[\"dawn\"],\"media_ids\":[\"$media_id\"],\"price_coins\":30}" | field id)
echo "   post $post_id"

step "4. The fan finds it on the main page, locked, and subscribes"
until_says "$post_id" call GET "/v1/posts?author=creator_$run" "$fan" | grep -q '"locked":true' || fail "it should be locked"
call PUT "/v1/users/creator_$run/subscription" "$fan" >/dev/null
until_says "$post_id" call GET /v1/inbox "$fan" >/dev/null
echo "   it is in the inbox"

step "5. The fan tops up coins with the sandbox provider"
pack=$(call GET /v1/coin-packs '' | field id)
top_up=$(call POST /v1/top-ups "$fan" "{\"pack_id\":\"$pack\"}" "Idempotency-Key: quickstart-top-up-$run")
top_up_id=$(echo "$top_up" | field id)
call POST "$(echo "$top_up" | field pay_url)" '' '{"outcome":"succeeded","webhook":"now"}' >/dev/null
until_says '"status":"paid"' call GET "/v1/top-ups/$top_up_id" "$fan" >/dev/null
echo "   $(call GET /v1/wallet "$fan")"

step "6. The fan buys the post"
call POST "/v1/posts/$post_id/purchase" "$fan" '' "Idempotency-Key: quickstart-purchase-$run"
echo
call GET /v1/library "$fan" | grep -q "$post_id" || fail "it is not in the library"
echo "   it is in the library"

step "7. The fan opens the full picture"
picture=$(call GET "/v1/posts/$post_id" "$fan" | grep -o '"url":"[^"]*"' | grep -v preview | tail -n 1 | cut -d'"' -f4 | sed 's/\\u0026/\&/g')
case $picture in http*) ;; *) picture=$base$picture ;; esac
curl -sS -f -o "$work/full.jpg" -H "Authorization: Bearer $fan" "$picture" || fail "the buyer cannot open it"
echo "   $(wc -c <"$work/full.jpg" | tr -d ' ') bytes"

step "8. A stranger gets a preview and nothing else"
call GET "/v1/posts/$post_id" '' >"$work/seen"
grep -q '"locked":true' "$work/seen" || fail "it should be locked"
grep -o '"name":"[^"]*"' "$work/seen" | grep -v preview && fail "more than a preview shows"
status=$(curl -sS -o /dev/null -w '%{http_code}' "$picture")
[ "$status" = 403 ] || fail "the fan's link answered a stranger $status"
echo "   the fan's own link answers 403"

step "Done: the main job works on $base"
